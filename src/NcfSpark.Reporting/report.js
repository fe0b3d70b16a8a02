"use strict";
// What the pages do beyond showing: tables are sorted, two nights compared, users found. Without scripts the pages show all the same figures.
// All that comes from the data is set as text, never as markup.
(() => {
  const make = (name, text, look) => {
    const element = document.createElement(name);
    if (text !== undefined) element.textContent = text;
    if (look) element.className = look;
    return element;
  };
  const button = text => {
    const element = make("button", text);
    element.type = "button";
    return element;
  };
  const cells = (row, name, texts, look = "") => row.append(...texts.map((text, place) => make(name, text, place > 0 ? look : "")));

  // A number is the first text of a cell of numbers ("0.1124", before its interval), or data-value where that has a unit. Null: the cell is empty.
  const valueOf = cell => {
    if (!cell) return null;
    if (!cell.classList.contains("number")) return cell.textContent.trim() || null;
    const number = parseFloat(cell.dataset.value ?? (cell.firstChild?.textContent ?? "").trim().replaceAll("−", "-").replaceAll(",", ""));
    return Number.isNaN(number) ? null : number;
  };
  const compare = (one, other) =>
    typeof one === "number" && typeof other === "number" ? one - other : String(one).localeCompare(String(other), undefined, { numeric: true });

  // Rows stay within their part of the table; empty cells stand last in either direction.
  const sort = (table, column) => {
    const heads = table.tHead.rows[0].cells, head = heads[column], was = head.getAttribute("aria-sort");
    const rising = was ? was === "descending" : !head.classList.contains("number");
    for (const each of heads) each.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", rising ? "ascending" : "descending");
    for (const body of table.tBodies) {
      const rows = [...body.rows].map(row => ({ row, value: valueOf(row.cells[column]) }));
      rows.sort((a, b) => a.value === null || b.value === null
        ? (a.value === null) - (b.value === null)
        : (rising ? 1 : -1) * compare(a.value, b.value));
      body.append(...rows.map(each => each.row));
    }
  };
  for (const table of document.querySelectorAll("table")) {
    if (![...table.tBodies].some(body => body.rows.length > 1)) continue;
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      const by = button();
      by.append(...head.childNodes);
      by.title = "Sort by this column";
      by.addEventListener("click", () => sort(table, column));
      head.append(by);
    });
  }

  const field = (label, control, id) => {
    const name = make("label", label);
    name.htmlFor = control.id = id;
    return [name, control];
  };

  // nights.html holds the figures of its nights: {"figures":[[name, decimals]], "nights":[[name, [[text, number?]]]], "shown":[first, second]}.
  const compareNights = data => {
    const form = make("form", undefined, "find"), pick = [make("select"), make("select")];
    pick.forEach((select, side) => {
      data.nights.forEach(([night], place) => select.add(new Option(night, place)));
      select.value = data.shown[side];
    });
    form.append(...field("Night", pick[0], "compare-from"), ...field("and", pick[1], "compare-to"));
    const frame = make("div", undefined, "scroll"), table = make("table"), head = table.createTHead().insertRow(), body = table.createTBody();
    Object.assign(frame, { tabIndex: 0 });
    frame.setAttribute("role", "region");
    frame.setAttribute("aria-label", "Two nights side by side");
    frame.append(table);
    const difference = (from, to, decimals) => {
      if (from === undefined || to === undefined) return "";
      const change = to - from, size = Math.abs(change).toFixed(decimals), sign = !/[1-9]/.test(size) ? "" : change < 0 ? "−" : "+";
      const percent = from > 0 ? Math.round(100 * change / from) : 0;
      const grouped = size.replace(/\B(?=(\d{3})+(?!\d))(?<!\.\d*)/g, ",");
      return sign + grouped + (percent === 0 ? "" : ` (${percent < 0 ? "−" : "+"}${Math.abs(percent)} %)`);
    };
    const draw = () => {
      const [from, to] = pick.map(select => data.nights[select.value]);
      table.createCaption().textContent = `${from[0]} and ${to[0]} side by side`;
      head.replaceChildren();
      cells(head, "th", ["Figure", from[0], to[0], "Difference"], "number");
      for (const each of head.cells) each.scope = "col";
      body.replaceChildren(...data.figures.map(([name, decimals], figure) => {
        const row = make("tr"), [one, other] = [from[1][figure], to[1][figure]];
        row.append(make("th", name));
        row.cells[0].scope = "row";
        row.append(...[one[0], other[0], difference(one[1], other[1], decimals)].map(text => make("td", text, "number words")));
        return row;
      }));
    };
    form.addEventListener("change", draw);
    form.addEventListener("submit", event => event.preventDefault());
    draw();
    const section = make("section");
    section.id = "compare";
    section.append(make("h2", "Two nights side by side"), form, frame);
    document.getElementById("all").before(section);
  };
  const nights = document.getElementById("nights-data");
  if (nights) compareNights(JSON.parse(nights.textContent));

  // A night's lists stand beside its page as scripts, because a page of the file system may load nothing else: lists/index.js has the first user of each
  // file, in the order of their ids' UTF-8 bytes; lists/N.js has {"items":[[id, title?]], "users":[[id, interactions, [[item, day]], [[item, score,
  // source]]]]}, where an item is its place among "items".
  const files = new Map(), bytes = new TextEncoder();
  const order = (one, other) => {
    const [a, b] = [bytes.encode(one), bytes.encode(other)];
    for (let place = 0; place < Math.min(a.length, b.length); place++) if (a[place] !== b[place]) return a[place] - b[place];
    return a.length - b.length;
  };
  window.ncfsparkLists = (name, content) => files.set(name, content);
  const load = (name, then, otherwise) => {
    if (files.has(name)) return then(files.get(name));
    const script = make("script");
    script.src = `lists/${name}.js`;
    script.addEventListener("load", () => files.has(name) ? then(files.get(name)) : otherwise());
    script.addEventListener("error", otherwise);
    document.head.append(script);
  };

  const itemOf = ([id, title]) => {
    const name = make("bdi", title ?? id);
    if (title !== undefined) name.append(make("small", ` ${id}`));
    return name;
  };
  const side = (heading, kind, entries) => {
    const part = make("div"), list = make(kind);
    for (const [item, detail] of entries) {
      const entry = make("li");
      entry.append(itemOf(item), make("span", detail));
      list.append(entry);
    }
    part.append(make("h4", heading), list);
    return part;
  };
  const person = ([id, interactions, past, best], items) => {
    const article = make("article", undefined, "person"), head = make("h3", "User "), sides = make("div", undefined, "sides");
    head.append(make("bdi", id), make("span", ` · ${interactions.toLocaleString("en")} interactions`, "muted"));
    const scores = best.map(([item, score, source]) => [items[item], score.toFixed(4) + (source === "model" ? "" : ` by ${source}`)]);
    sides.append(
      side(past.length < interactions ? `Latest history, ${past.length} of ${interactions}` : "History", "ul", past.map(([item, day]) => [items[item], day])),
      side(best.length > 0 ? "Recommended, with score" : "Nothing is recommended to this user", "ol", scores));
    article.append(head, sides);
    return article;
  };

  const findUsers = (section, index) => {
    const form = make("form", undefined, "find"), wanted = make("input"), found = make("div");
    wanted.type = "search";
    wanted.autocomplete = "off";
    wanted.spellcheck = false;
    found.setAttribute("aria-live", "polite");
    const submit = make("button", "Show");
    form.append(...field("Any user, by id", wanted, "find-user"), submit, make("span", `${index.users.toLocaleString("en")} users`, "muted"));
    const show = id => {
      wanted.value = id;
      const name = Math.max(0, index.first.findLastIndex(first => order(first, id) <= 0));
      load(String(name), ({ items, users }) => {
        const place = users.findIndex(user => order(user[0], id) >= 0);
        if (place >= 0 && users[place][0] === id) return found.replaceChildren(person(users[place], items));
        const near = make("p", "There is no such user. Ids near it: ");
        const middle = place < 0 ? users.length : place;
        for (const [other] of users.slice(Math.max(0, middle - 3), middle + 3)) {
          const choice = button(other);
          choice.addEventListener("click", () => show(other));
          near.append(choice, " ");
        }
        found.replaceChildren(near);
      }, () => found.replaceChildren(make("p", `lists/${name}.js cannot be read: it stands beside this page where NcfSpark wrote it.`)));
    };
    form.addEventListener("submit", event => {
      event.preventDefault();
      show(wanted.value.trim());
    });
    section.querySelector("h2").after(...index.note ? [make("p", index.note)] : [form, found]);
  };
  const examples = document.getElementById("examples");
  if (examples) load("index", index => findUsers(examples, index), () => {});
})();
