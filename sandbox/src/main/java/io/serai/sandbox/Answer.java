package io.serai.sandbox;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What goes out.
 *
 * @param length of the content in bytes; 0 when it is not known beforehand
 */
record Answer(int status, String contentType, Map<String, String> headers, long length, Content content) {

    interface Content {
        void writeTo(OutputStream out) throws IOException;
    }

    static Answer json(int status, Object body) {
        return bytes(status, "application/json", Json.bytes(body));
    }

    static Answer text(int status, String contentType, String text) {
        return bytes(status, contentType + "; charset=utf-8", text.getBytes(StandardCharsets.UTF_8));
    }

    static Answer bytes(int status, String contentType, byte[] bytes) {
        return new Answer(status, contentType, Map.of(), bytes.length, out -> out.write(bytes));
    }

    Answer with(String header, String value) {
        Map<String, String> more = new LinkedHashMap<>(headers);
        more.put(header, value);
        return new Answer(status, contentType, more, length, content);
    }
}
