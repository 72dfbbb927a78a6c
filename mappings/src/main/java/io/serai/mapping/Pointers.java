package io.serai.mapping;

import java.util.List;
import java.util.Map;

/** JSON pointers (RFC 6901) into plain Java documents. */
final class Pointers {
    private Pointers() {}

    static String escaped(Object key) {
        var text = String.valueOf(key);
        return text.indexOf('~') < 0 && text.indexOf('/') < 0 ? text : text.replace("~", "~0").replace("/", "~1");
    }

    /**
     * Where a value stands in a document: the very same object if it is there, else an equal one that stands alone.
     *
     * @return null when it is not there, or when several equal ones leave it open which is meant
     */
    static String to(Object value, Object document) {
        if (value == null) {
            return null;
        }
        var search = new Search(value);
        search.in(document, "");
        return search.same != null ? search.same : search.equal == 1 ? search.equalPointer : null;
    }

    private static final class Search {
        private final Object value;
        private String same;
        private String equalPointer;
        private int equal;

        Search(Object value) {
            this.value = value;
        }

        void in(Object here, String pointer) {
            if (same != null) {
                return;
            }
            if (here == value) {
                same = pointer;
            } else if (here instanceof Map<?, ?> map) {
                map.forEach((key, member) -> in(member, pointer + "/" + escaped(key)));
            } else if (here instanceof List<?> list) {
                for (var i = 0; i < list.size(); i++) {
                    in(list.get(i), pointer + "/" + i);
                }
            } else if (value.equals(here)) {
                equal++;
                equalPointer = pointer;
            }
        }
    }
}
