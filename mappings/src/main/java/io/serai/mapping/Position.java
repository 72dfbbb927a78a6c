package io.serai.mapping;

/** A place in the text of a mapping, as an editor counts: lines and columns from 1. */
record Position(int line, int column, String text) {
    /** The place of a character offset; an offset outside the text means its nearest end. */
    static Position of(String source, int offset) {
        var end = Math.clamp(offset, 0, source.length());
        var line = 1;
        var start = 0;
        for (var i = 0; i < end; i++) {
            if (source.charAt(i) == '\n') {
                line++;
                start = i + 1;
            }
        }
        var stop = source.indexOf('\n', start);
        return new Position(line, end - start + 1, source.substring(start, stop < 0 ? source.length() : stop).strip());
    }

    @Override
    public String toString() {
        return "line " + line + ", column " + column + ": "
                + (text.length() > 120 ? text.substring(0, 119) + "…" : text);
    }
}
