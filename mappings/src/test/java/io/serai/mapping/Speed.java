package io.serai.mapping;

import java.util.concurrent.TimeUnit;

/** Prints what mapping and validating each example costs on one thread, in microseconds; run by hand. */
final class Speed {
    private static final int ROUNDS = 5;
    private static final int RECORDS = 10_000;

    private Speed() {}

    public static void main(String[] arguments) {
        for (var example : MappingContractTest.mappable()) {
            var mapping = Folder.MAPPINGS.mapping(example.name());
            var record = mapping instanceof XsltMapping ? example.input() : JsonText.parse(example.input());
            var bindings = example.bindings();
            var result = mapping.apply(record, bindings);
            var mapped = best(() -> mapping.apply(record, bindings));
            var validated = mapping.entity() == null
                    ? 0
                    : best(() -> Folder.MAPPINGS.schemas().validate(mapping.entity(), Folder.object(result)));
            System.out.printf("%-60s %6.1f %6.1f%n", example, mapped, validated);
        }
    }

    /** The first rounds warm up. */
    private static double best(Runnable work) {
        var best = Double.MAX_VALUE;
        for (var round = 0; round < ROUNDS; round++) {
            var start = System.nanoTime();
            for (var i = 0; i < RECORDS; i++) {
                work.run();
            }
            best = Math.min(best, (System.nanoTime() - start) / (double) TimeUnit.MICROSECONDS.toNanos(RECORDS));
        }
        return best;
    }
}
