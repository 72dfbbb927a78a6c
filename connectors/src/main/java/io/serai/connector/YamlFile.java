package io.serai.connector;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.dataformat.yaml.YAMLMapper;

/**
 * A YAML file read to plain Java, together with the line on which each value stands, so that every complaint can name it.
 *
 * @param content the whole file
 * @param lines JSON pointer of each value to its line, counted from 1, in the order of the file
 */
record YamlFile(Path path, Map<String, Object> content, Map<String, Integer> lines) {
    private static final YAMLMapper YAML = YAMLMapper.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    static YamlFile read(Path path) {
        Map<String, Integer> lines = new LinkedHashMap<>();
        try (JsonParser parser = YAML.createParser(Files.readString(path))) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new BadFileException(path, 1, "this is not a YAML mapping; write 'key: value' lines");
            }
            @SuppressWarnings("unchecked")
            Map<String, Object> content = (Map<String, Object>) value(parser, "", lines);
            if (parser.nextToken() != null) {
                throw new BadFileException(path, parser.currentTokenLocation().getLineNr(),
                        "a second YAML document begins here; one file holds one document");
            }
            return new YamlFile(path, content, lines);
        } catch (JacksonException e) {
            int line = e.getLocation() == null ? 0 : e.getLocation().getLineNr();
            throw new BadFileException(path, line, "this is not valid YAML: " + firstLine(e.getOriginalMessage()));
        } catch (NoSuchFileException e) {
            throw new BadFileException(path, 0, "there is no such file");
        } catch (IOException e) {
            throw new BadFileException(path, 0, "the file cannot be read: " + e.getMessage());
        }
    }

    /** The line of the value, or of the nearest value around it that stands in the file. */
    int line(String pointer) {
        String at = pointer;
        while (!at.isEmpty() && !lines.containsKey(at)) {
            at = at.substring(0, at.lastIndexOf('/'));
        }
        return lines.getOrDefault(at, 1);
    }

    BadFileException refuse(String pointer, String reason) {
        return new BadFileException(path, line(pointer), reason);
    }

    private static Object value(JsonParser parser, String pointer, Map<String, Integer> lines) {
        lines.putIfAbsent(pointer, parser.currentTokenLocation().getLineNr());
        return switch (parser.currentToken()) {
            case START_OBJECT -> {
                Map<String, Object> map = new LinkedHashMap<>();
                while (parser.nextToken() != JsonToken.END_OBJECT) {
                    String key = parser.currentName();
                    String child = pointer + "/" + key.replace("~", "~0").replace("/", "~1");
                    lines.put(child, parser.currentTokenLocation().getLineNr());
                    parser.nextToken();
                    map.put(key, value(parser, child, lines));
                }
                yield map;
            }
            case START_ARRAY -> {
                List<Object> list = new ArrayList<>();
                while (parser.nextToken() != JsonToken.END_ARRAY) {
                    list.add(value(parser, pointer + "/" + list.size(), lines));
                }
                yield list;
            }
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            case VALUE_NULL -> null;
            case VALUE_NUMBER_INT -> parser.getNumberValue();
            case VALUE_NUMBER_FLOAT -> parser.getDecimalValue();
            default -> parser.getString();
        };
    }

    private static String firstLine(String message) {
        return message == null ? "unreadable" : message.lines().findFirst().orElse("unreadable");
    }
}
