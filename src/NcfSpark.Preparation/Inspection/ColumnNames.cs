namespace NcfSpark.Preparation;

/// <summary>What a column of a log holds.</summary>
internal enum ColumnRole
{
    User,
    Item,
    Time,
    Rating,
    Event,
}

/// <summary>Names that columns of logs have, in lower case and without marks between letters; of several that are there, the first of a list wins.</summary>
internal static class ColumnNames
{
    private static readonly Dictionary<ColumnRole, string[]> Known = new()
    {
        [ColumnRole.User] =
        [
            "userid", "user", "uid", "useridx", "userindex", "customerid", "customer", "clientid", "client", "memberid", "member", "accountid", "account",
            "reviewerid", "reviewer", "profileid",
            "personid", "subscriberid", "buyerid", "shopperid", "learnerid", "studentid", "patronid", "listenerid", "playerid", "usersha1", "usermboxsha1",
            "userhash", "username", "login",
            "visitorid", "visitor", "deviceid", "sessionid", "session",
        ],
        [ColumnRole.Item] =
        [
            "itemid", "item", "iid", "productid", "product", "articleid", "article", "movieid", "movie", "asin", "parentasin", "sku", "isbn", "bookid", "book",
            "trackid", "track", "songid", "song",
            "musicbrainzartistid", "artistmbid", "artistid", "artist", "videoid", "video", "contentid", "content", "showid", "programid", "gameid", "game",
            "appid", "app", "newsid", "news", "postid",
            "documentid", "docid", "pageid", "page", "url", "courseid", "course", "recipeid", "restaurantid", "businessid", "hotelid", "listingid", "offerid",
            "adid", "goodsid", "ean", "gtin", "upc", "titleid",
        ],
        [ColumnRole.Time] =
        [
            "timestamp", "eventtimestamp", "eventtime", "time", "datetime", "unixreviewtime", "reviewtime", "ts", "timestampms", "sorttimestamp", "servertime",
            "unixtime", "createdat", "created",
            "tdat", "occurredat", "clickedat", "viewedat", "playedat", "watchedat", "purchasedat", "orderedat", "visitedat", "ratedat", "clicktime", "viewtime",
            "visittime", "orderdate", "purchasedate",
            "date", "day", "dt", "when", "at",
        ],
        [ColumnRole.Rating] = ["rating", "ratings", "overall", "stars", "star", "score", "ratingvalue", "vote", "grade"],
        [ColumnRole.Event] = ["event", "eventtype", "eventname", "action", "actiontype", "behavior", "behaviortype", "behaviour", "interaction",
            "interactiontype", "activity", "type"],
    };

    /// <summary>The role that a name stands for; null where it is no known name.</summary>
    public static ColumnRole? RoleOf(string name)
    {
        foreach ((ColumnRole role, string[] names) in Known)
        {
            if (names.Contains(Letters(name))) return role;
        }

        return null;
    }

    /// <summary>
    /// How well a name fits a role: 0 is best; null where it does not. Of a nested field its whole name counts, then
    /// its last part: "user.id" is "userid".
    /// </summary>
    public static int? Rank(string name, ColumnRole role)
    {
        int place = Array.IndexOf(Known[role], Letters(name));
        if (place < 0 && name.Contains('.', StringComparison.Ordinal))
        {
            place = Array.IndexOf(Known[role], Letters(name[(name.LastIndexOf('.') + 1)..])) is >= 0 and int inner ? 100 + inner : -1;
        }

        return place < 0 ? null : place;
    }

    private static string Letters(string name) => string.Concat(name.Where(char.IsLetterOrDigit)).ToLowerInvariant();
}
