"use strict";
// The page at /: it asks the server's JSON endpoints and shows what they answer. What is shown stands in the address after #, as user=42 or item=296, so it
// can be linked and the browser's buttons go back. All that comes from the data is set as text, never as markup.
(() => {
  const at = id => document.getElementById(id), answer = at("answer");
  let nights = { nights: [] }, shown = 0;

  const make = (name, text, look) => {
    const element = document.createElement(name);
    if (text !== undefined) element.textContent = text;
    if (look) element.className = look;
    return element;
  };
  const count = number => number.toLocaleString("en");
  const link = (kind, id, title) => {
    const element = make("a");
    element.href = `#${kind}=${encodeURIComponent(id)}`;
    element.append(make("bdi", title ?? id));
    if (title) element.append(make("small", ` ${id}`));
    return element;
  };

  const ask = async path => {
    const token = sessionStorage.getItem("token");
    const response = await fetch(path, { headers: token ? { Authorization: `Bearer ${token}` } : {}, cache: "no-store" });
    const body = await response.json();
    at("token").hidden = response.status !== 401;
    if (!response.ok) throw new Error(body.error);
    return body;
  };

  // Shows what an address names. What was asked for before and answers later is dropped.
  const show = async (heading, load) => {
    const mine = ++shown;
    const head = make("h2", heading);
    head.tabIndex = -1;
    let parts;
    try {
      parts = await load(head);
    } catch (fault) {
      parts = [make("p", fault.message, "error")];
    }
    if (mine !== shown) return;
    answer.hidden = false;
    answer.replaceChildren(head, ...parts);
    document.title = `${head.textContent} · NcfSpark`;
    head.focus();
  };

  const side = (heading, kind, entries) => {
    const part = make("div"), list = make(kind);
    list.append(...entries);
    part.append(make("h4", heading), list);
    return part;
  };
  const entry = (item, detail, extra = []) => {
    const row = make("li"), name = make("div");
    name.append(link("item", item.item_id, item.title));
    row.append(name, make("span", detail), ...extra);
    return row;
  };
  const scored = item => item.score === null ? "" : item.score.toFixed(4);

  const search = text => show(`Search: ${text}`, async () => {
    const found = await ask(`v1/search?q=${encodeURIComponent(text)}`), parts = [];
    const group = (heading, entries, linkOf) => {
      if (entries.length === 0) return;
      const list = make("ul", undefined, "found");
      for (const one of entries) {
        const row = make("li");
        row.append(linkOf(one), make("span", `${count(one.interactions)} interactions`, "muted"));
        list.append(row);
      }
      parts.push(make("h3", heading), list);
    };
    group("Users", found.users, user => link("user", user.user_id));
    group("Items", found.items, item => link("item", item.item_id, item.title));
    return parts.length > 0 ? parts : [make("p", "Nothing has that id, and no title has these words.")];
  });

  const user = id => show(`User ${id}`, async () => {
    const found = await ask(`v1/users/${encodeURIComponent(id)}`), article = make("article", undefined, "person"), sides = make("div", undefined, "sides");
    const history = found.history.map(item => entry(item, item.day ?? ""));
    const best = found.recommendations.map(item => {
      const why = make("span", undefined, "why");
      item.because.forEach((near, place) =>
        why.append(place === 0 ? "nearest of the history: " : ", ", make("bdi", near.title ?? near.item_id), ` ${near.cosine.toFixed(2)}`));
      return entry(item, scored(item), item.because.length > 0 ? [why] : []);
    });
    const by = found.source === "model" ? "" : `, by ${found.source}`, all = found.interactions > found.history.length;
    sides.append(
      side(all ? `Latest history, ${found.history.length} of ${count(found.interactions)}` : "History, the latest first", "ul", history),
      side(best.length > 0 ? `Recommended by ${found.night}${by}, with score` : "Nothing is recommended", "ol", best));
    article.append(sides);
    const others = nights.nights.filter(night => night.has_lists && night.night !== found.night);
    if (others.length > 0) article.append(...compareLists(id, found, others));
    return [article];
  });

  // The list of another night beside the one that is served.
  const compareLists = (id, found, others) => {
    const form = make("form", undefined, "find"), label = make("label", "Beside it the list of"), select = make("select");
    const sides = make("div", undefined, "sides");
    select.id = "other";
    label.htmlFor = select.id;
    select.add(new Option("no other night", ""));
    for (const night of [...others].reverse()) select.add(new Option(night.night, night.night));
    form.append(label, select);
    sides.setAttribute("aria-live", "polite");
    const lists = (mine, theirs) => mine.map(item => {
      const mark = theirs.some(other => other.item_id === item.item_id) ? [] : [make("span", "only here", "new")];
      return entry(item, scored(item), mark);
    });
    form.addEventListener("submit", event => event.preventDefault());
    select.addEventListener("change", async () => {
      const wanted = select.value;
      if (!wanted) return sides.replaceChildren();
      try {
        const other = await ask(`v1/nights/${wanted}/users/${encodeURIComponent(id)}`);
        if (select.value !== wanted) return;
        sides.replaceChildren(
          side(`${found.night}, in production`, "ol", lists(found.recommendations, other.recommendations)),
          side(other.recommendations.length > 0 ? wanted : `${wanted} has no list for this user`, "ol", lists(other.recommendations, found.recommendations)));
      } catch (fault) {
        sides.replaceChildren(make("p", fault.message, "error"));
      }
    });
    return [form, sides];
  };

  const item = id => show(`Item ${id}`, async head => {
    const found = await ask(`v1/items/${encodeURIComponent(id)}`), article = make("article", undefined, "person");
    if (found.item.title) {
      head.replaceChildren(make("bdi", found.item.title), make("small", ` ${id}`));
    }
    const similar = found.similar.map(one => entry(one, scored(one)));
    article.append(
      make("p", `Used ${count(found.item.interactions)} times.`),
      side(similar.length > 0 ? "Similar items, with cosine" : "No similar items: the model was not trained on it", "ol", similar));
    return [article];
  });

  const cells = (row, name, texts, firstLook = "") => {
    texts.forEach((text, place) => {
      const cell = make(place === 0 ? "th" : name, text, place === 0 ? firstLook : "number");
      if (name === "th" || place === 0) cell.scope = name === "th" ? "col" : "row";
      row.append(cell);
    });
    return row;
  };
  const interval = value => !value ? "" : value.value.toFixed(4) + (value.low === null ? "" : ` (${value.low.toFixed(4)}–${value.high.toFixed(4)})`);

  const showNights = () => {
    at("nights").hidden = nights.nights.length === 0;
    const table = at("all");
    table.replaceChildren();
    table.createCaption().textContent = "The latest first";
    const metric = nights.nights.findLast(night => night.metric)?.metric ?? "Metric";
    cells(table.createTHead().insertRow(), "th", ["Night", metric, "Strongest baseline", "Users", "Items", "Interactions", "Seconds"]);
    const body = table.createTBody();
    for (const night of [...nights.nights].reverse()) {
      const row = cells(body.insertRow(), "td", [night.night, night.model?.value.toFixed(4) ?? "", night.baseline?.value.toFixed(4) ?? "",
        ...["users", "items", "interactions"].map(key => night[key] == null ? "" : count(night[key])), night.seconds?.toFixed(1) ?? ""]);
      if (night.night === nights.night) row.cells[0].append(make("span", " in production", "serving"));
      if (night.outcome) row.cells[0].append(make("span", `${night.outcome}, ${night.ended} UTC`, "reason"));
      if (night.reason) row.cells[0].append(make("span", night.reason, "reason"));
    }
    const both = nights.nights.filter(night => night.outcome), selects = [at("first"), at("second")];
    at("compare").hidden = at("pair-frame").hidden = both.length < 2;
    if (both.length < 2) return;
    selects.forEach((select, place) => {
      select.replaceChildren(...both.map(night => new Option(night.night, night.night)));
      select.value = both[both.length - 2 + place].night;
    });
    showPair();
  };

  const showPair = () => {
    const [first, second] = [at("first"), at("second")].map(select => nights.nights.find(night => night.night === select.value));
    const table = at("pair");
    table.replaceChildren();
    table.createCaption().textContent = `${first.night} and ${second.night} side by side`;
    cells(table.createTHead().insertRow(), "th", ["Figure", first.night, second.night, "Difference"]);
    const body = table.createTBody();
    const row = (name, value, text, decimals) => {
      if (!text(first) && !text(second)) return;
      const [one, other] = [value(first), value(second)], change = one == null || other == null ? null : other - one;
      const size = change === null ? "" : Math.abs(change).toLocaleString("en", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
      const sign = !/[1-9]/.test(size) ? "" : change < 0 ? "−" : "+";
      cells(body.insertRow(), "td", [name, text(first), text(second), sign + size]);
    };
    row("Outcome", () => null, night => night.outcome, 0);
    row(second.metric ?? first.metric ?? "Metric", night => night.model?.value, night => interval(night.model), 4);
    row("The same of the strongest baseline", night => night.baseline?.value, night => interval(night.baseline), 4);
    for (const key of ["users", "items", "interactions"]) {
      row(key[0].toUpperCase() + key.slice(1), night => night[key], night => night[key] == null ? "" : count(night[key]), 0);
    }
    row("Seconds", night => night.seconds, night => night.seconds.toFixed(1), 1);
  };

  const route = () => {
    const [kind, ...rest] = location.hash.slice(1).split("=");
    let id;
    try {
      id = decodeURIComponent(rest.join("="));
    } catch {
      id = rest.join("=");
    }
    const shows = { user, item, search }[kind];
    if (shows && id) return shows(id);
    answer.hidden = true;
    document.title = "NcfSpark";
  };

  const load = async () => {
    try {
      const [of, all] = await Promise.all([ask("v1/search"), ask("v1/nights")]);
      nights = all;
      at("state").textContent = `${all.run}: ${of.night === "by hand" ? "made by hand" : `night ${of.night}`} answers; `
        + `${count(of.of.users)} users, ${count(of.of.items)} items`;
      at("state").className = "muted";
      showNights();
      route();
    } catch (fault) {
      at("state").textContent = fault.message;
      at("state").className = "error";
    }
  };

  at("search").addEventListener("submit", event => {
    event.preventDefault();
    const text = at("text").value.trim();
    if (text) location.hash = `search=${encodeURIComponent(text)}`;
  });
  at("token").addEventListener("submit", event => {
    event.preventDefault();
    sessionStorage.setItem("token", at("token-text").value.trim());
    load();
  });
  at("compare").addEventListener("submit", event => event.preventDefault());
  at("compare").addEventListener("change", showPair);
  addEventListener("hashchange", route);
  load();
})();
