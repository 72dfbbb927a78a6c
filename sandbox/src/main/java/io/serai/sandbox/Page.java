package io.serai.sandbox;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;

/** A page for people: what the system holds, as tables. */
final class Page {
    private static final int ROWS = 200;
    private final StringBuilder html = new StringBuilder();

    Page(String title, String what) {
        html.append("""
                <!doctype html><html lang="en"><head><meta charset="utf-8"><title>%1$s</title><style>
                body{font:15px/1.5 system-ui,sans-serif;color:#22303c;background:#f5f6f4;margin:0}
                header{background:#24485c;color:#fff;padding:1.4rem 2rem}h1{margin:0;font-size:1.5rem}
                header p{margin:.2rem 0 0;color:#cfe0e8}main{padding:1rem 2rem 3rem}
                h2{font-size:1.05rem;margin:1.6rem 0 .5rem}h2 small{font-weight:400;color:#71808c}
                table{border-collapse:collapse;width:100%%;background:#fff;border-radius:6px;overflow:hidden;
                box-shadow:0 1px 3px #0002}th{text-align:left;background:#e6ecee;font-weight:600}
                th,td{padding:.45rem .7rem;vertical-align:top}tr+tr td{border-top:1px solid #edf0f1}
                a{color:#24485c}header a{color:#fff}
                </style></head><body><header><h1>%1$s</h1><p>%2$s &nbsp;<a href="/ledger">Ledger</a> &nbsp;\
                <a href="/control">Faults</a></p></header><main>
                """.formatted(escape(title), escape(what)));
    }

    /** A table of the newest rows; the columns are names of fields. */
    Page table(String title, Collection<Map<String, Object>> rows, String... columns) {
        html.append("<h2>").append(escape(title)).append(" <small>").append(rows.size())
                .append("</small></h2><table><tr>");
        for (String column : columns) {
            html.append("<th>").append(escape(column.replace('_', ' '))).append("</th>");
        }
        html.append("</tr>");
        List<Map<String, Object>> newest = rows.stream().skip(Math.max(0, rows.size() - ROWS)).toList().reversed();
        for (Map<String, Object> row : newest) {
            html.append("<tr>");
            for (String column : columns) {
                html.append("<td>").append(escape(show(row.get(column)))).append("</td>");
            }
            html.append("</tr>");
        }
        html.append("</table>");
        return this;
    }

    private static String show(Object value) {
        Function<Collection<?>, String> joined = values -> String.join(", ",
                values.stream().filter(Objects::nonNull).map(Page::show).toList());
        return switch (value) {
            case null -> "";
            case Map<?, ?> map -> joined.apply(map.values());
            case Collection<?> values -> joined.apply(values);
            default -> value.toString();
        };
    }

    Answer answer() {
        return Answer.text(200, "text/html", html + "</main></body></html>").with("Content-Security-Policy",
                "default-src 'none'; style-src 'unsafe-inline'");
    }

    static String escape(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\"", "&quot;");
    }
}
