package io.serai.mapping;

import com.dashjoin.jsonata.JException;
import com.dashjoin.jsonata.Jsonata;
import com.dashjoin.jsonata.Parser;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import tools.jackson.core.JacksonException;
import tools.jackson.core.exc.StreamConstraintsException;

/** A mapping written in JSONata. */
final class JsonataMapping extends Mapping {
    /** How much one record may cost before its mapping is taken for endless. */
    static final class Bounds implements Jsonata.EntryCallback, Jsonata.ExitCallback {
        private static final long MOST_NANOS = TimeUnit.SECONDS.toNanos(2);
        private static final int DEEPEST = 400;
        private static final int STEPS_BETWEEN_LOOKS = 1024;

        private final long start = System.nanoTime();
        private int steps;
        private int depth;

        @Override
        public void callback(Parser.Symbol expression, Object input, Jsonata.Frame environment) {
            if (++depth > DEEPEST) {
                throw new Endless(
                        "The mapping calls itself more than " + DEEPEST + " levels deep; give its recursion an end.");
            }
            if (++steps % STEPS_BETWEEN_LOOKS == 0 && System.nanoTime() - start > MOST_NANOS) {
                throw new Endless("The mapping took longer than " + TimeUnit.NANOSECONDS.toSeconds(MOST_NANOS)
                        + " seconds for one record; look for a loop without end.");
            }
        }

        @Override
        public void callback(Parser.Symbol expression, Object input, Jsonata.Frame environment, Object result) {
            depth--;
        }
    }

    /** Stops an evaluation from inside. */
    static final class Endless extends RuntimeException {
        private static final long serialVersionUID = 1;

        Endless(String sentence) {
            super(sentence, null, false, false);
        }
    }

    /** JSONata's codes of $error and $assert: a mapping says with them what is wrong with the record. */
    private static final Set<String> SAID_BY_THE_MAPPING = Set.of("D3137", "D3141");

    private final Jsonata expression;
    private final String source;

    /** @param used the mappings it calls, by name */
    JsonataMapping(String name, String version, String source, Map<String, Mapping> used) {
        super(name, version);
        this.source = source;
        this.expression = Jsonata.jsonata(source);
        expression.setValidateInput(false);
        expression.setOutputConvertNulls(false);
        Functions.registerIn(expression, used);
    }

    @Override
    public Object apply(Object input, Map<String, Object> bindings) {
        var record = parsed(input);
        // Without a frame of its own an evaluation would bind its input in the shared one, where other threads see it.
        var frame = expression.createFrame();
        bindings.forEach((key, value) -> frame.bind(key, value == null ? Jsonata.NULL_VALUE : value));
        var bounds = new Bounds();
        frame.setEvaluateEntryCallback(bounds);
        frame.setEvaluateExitCallback(bounds);
        try {
            return plain(expression.evaluate(record, frame));
        } catch (Endless e) {
            throw failure(MappingException.TIMEOUT, null, e.getMessage(), null, e);
        } catch (JException e) {
            throw failure(e, record);
        } catch (MappingException e) {
            // From a mapping that this one uses: the value stands somewhere in this record, too.
            throw failure(e.code(), e.getCause() instanceof Refused refused ? refused.fieldIn(record) : null,
                    e.problem(), e.place(), e.getCause());
        } catch (StackOverflowError e) {
            throw failure(MappingException.FAILED, null,
                    "The mapping is nested too deeply for this record; make it simpler.", null, null);
        } catch (RuntimeException e) {
            // JSONata wraps what its own functions throw, more than once.
            for (var cause = e.getCause(); cause != null; cause = cause.getCause()) {
                if (cause instanceof JException refusal) {
                    throw failure(refusal, record);
                }
            }
            throw failure(MappingException.FAILED, null,
                    "The mapping failed on this record (" + e.getClass().getSimpleName()
                            + "); a standard function was probably given a value of the wrong type.",
                    null, e);
        }
    }

    private MappingException failure(JException e, Object record) {
        var place = e.getLocation() < 0 ? null : Position.of(source, e.getLocation()).toString();
        if (e instanceof Refused refused) {
            return failure(MappingException.INVALID, refused.fieldIn(record), e.getMessage(), place, e);
        }
        if (SAID_BY_THE_MAPPING.contains(String.valueOf(e.getError())) && !(e instanceof Functions.IllegalCall)) {
            return failure(MappingException.INVALID, null, e.getMessage(), place, e);
        }
        return failure(MappingException.FAILED, null,
                "The mapping failed: " + e.getMessage() + (e.getMessage().endsWith(".") ? "" : "."), place, e);
    }

    private Object parsed(Object input) {
        try {
            return switch (input) {
                case String text -> JsonText.parse(text);
                case byte[] bytes -> JsonText.parse(bytes);
                case null, default -> input;
            };
        } catch (StreamConstraintsException e) {
            throw failure(MappingException.TOO_LARGE, null,
                    "The record is too large or nested too deeply: " + e.getOriginalMessage() + ".", null, e);
        } catch (JacksonException e) {
            var at = e.getLocation();
            throw failure(MappingException.MALFORMED, null,
                    "The record is no JSON (line " + at.getLineNr() + ", column " + at.getColumnNr()
                            + "): " + e.getOriginalMessage() + ".",
                    null, e);
        }
    }

    /** A result of its own: JSONata hands out parts of the record itself, its own kinds of list and a marker for null. */
    private Object plain(Object value) {
        return switch (value) {
            case null -> null;
            case String text -> text;
            case Boolean truth -> truth;
            case Double number -> BigDecimal.valueOf(number);
            case Float number -> new BigDecimal(number.toString());
            case Number number when JsonText.isNumber(number) -> number;
            case Map<?, ?> map -> {
                var copy = LinkedHashMap.<String, Object>newLinkedHashMap(map.size());
                map.forEach((key, member) -> copy.put(String.valueOf(key), plain(member)));
                yield copy;
            }
            case List<?> list -> {
                var copy = new ArrayList<>(list.size());
                list.forEach(member -> copy.add(plain(member)));
                yield copy;
            }
            default -> {
                if (value == Jsonata.NULL_VALUE) {
                    yield null;
                }
                throw failure(MappingException.FAILED, null, "The mapping gives a function as a value; call it.", null,
                        null);
            }
        };
    }
}
