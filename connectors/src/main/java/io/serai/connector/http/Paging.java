package io.serai.connector.http;

import java.net.URI;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

import io.serai.connector.Json;
import io.serai.connector.Section;

/** Where the next page of a list is. */
interface Paging {

    /**
     * @param first the address of the first page
     * @param page how many pages have been read, this one included
     * @return the address of the next page; empty after the last
     */
    Optional<URI> next(URI first, int page, Answer answer, Object json, List<?> items);

    static Paging of(Section list) {
        return list.section("paging").map(paging -> switch (paging.text("kind")) {
            case "none" -> new None();
            case "link_header" -> new LinkHeader();
            case "cursor_in_body" -> new CursorInBody(paging.text("pointer"), paging.text("param"));
            case "next_link_in_body" -> new NextLinkInBody(paging.text("pointer"));
            case "page_number" -> new PageNumber(paging.text("param", "page"), paging.number("first", 1), paging.number(
                    "size", 0));
            default -> throw paging.notYet("kind",
                    "none, link_header, cursor_in_body, next_link_in_body, page_number");
        }).orElse(new None());
    }

    /** The address of the first page of a list. */
    default URI first(URI address) {
        return address;
    }

    record None() implements Paging {
        @Override
        public Optional<URI> next(URI first, int page, Answer answer, Object json, List<?> items) {
            return Optional.empty();
        }
    }

    /** RFC 8288: {@code Link: <address>; rel="next"}, among links of other kinds. */
    record LinkHeader() implements Paging {
        private static final Pattern LINK = Pattern.compile("<([^>]*)>((?:[^,\"]|\"[^\"]*\")*)");
        private static final Pattern NEXT = Pattern.compile(
                ";\\s*rel\\s*=\\s*(?:next(?![^;\\s])|\"(?:[^\"]*\\s)?next(?:\\s[^\"]*)?\")", Pattern.CASE_INSENSITIVE);

        @Override
        public Optional<URI> next(URI first, int page, Answer answer, Object json, List<?> items) {
            return LINK.matcher(answer.header("Link").orElse("")).results()
                    .filter(link -> NEXT.matcher(link.group(2)).find()).findFirst()
                    .map(link -> first.resolve(link.group(1)));
        }
    }

    record CursorInBody(String pointer, String param) implements Paging {
        @Override
        public Optional<URI> next(URI first, int page, Answer answer, Object json, List<?> items) {
            return Optional.ofNullable(Json.textAt(json, pointer)).filter(cursor -> !cursor.isEmpty()).map(
                    cursor -> with(first, param, cursor));
        }
    }

    record NextLinkInBody(String pointer) implements Paging {
        @Override
        public Optional<URI> next(URI first, int page, Answer answer, Object json, List<?> items) {
            return Optional.ofNullable(Json.textAt(json, pointer)).filter(link -> !link.isEmpty()).map(first::resolve);
        }
    }

    /** @param size a page shorter than this is the last; 0 when only an empty page is */
    record PageNumber(String param, int start, int size) implements Paging {
        @Override
        public URI first(URI address) {
            return with(address, param, Integer.toString(start));
        }

        @Override
        public Optional<URI> next(URI first, int page, Answer answer, Object json, List<?> items) {
            if (items.isEmpty() || items.size() < size) {
                return Optional.empty();
            }
            return Optional.of(with(first, param, Integer.toString(start + page)));
        }
    }

    /** The address with the parameter set, in place of what it had before. */
    static URI with(URI address, String param, String value) {
        String name = Template.encode(param);
        StringBuilder query = new StringBuilder();
        if (address.getRawQuery() != null) {
            for (String pair : address.getRawQuery().split("&")) {
                if (!pair.startsWith(name + "=")) {
                    query.append(pair).append('&');
                }
            }
        }
        query.append(name).append('=').append(Template.encode(value));
        String plain = address.toString();
        int mark = plain.indexOf('?');
        return URI.create((mark < 0 ? plain : plain.substring(0, mark)) + "?" + query);
    }
}
