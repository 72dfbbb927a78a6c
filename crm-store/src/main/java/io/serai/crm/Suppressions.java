package io.serai.crm;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

import io.serai.crm.plan.Rung;

/** How often this process has dropped what a spoke said as no news, by what told. Which words they were is in the journal. */
public final class Suppressions {
    private final Map<String, Map<Rung, LongAdder>> counts = new ConcurrentHashMap<>();

    Suppressions() {}

    void add(String spoke, Set<Rung> rungs) {
        Map<Rung, LongAdder> own = counts.computeIfAbsent(spoke, _ -> new ConcurrentHashMap<>());
        rungs.forEach(rung -> own.computeIfAbsent(rung, _ -> new LongAdder()).increment());
    }

    /** Since the process started. */
    public long count(String spoke, Rung rung) {
        LongAdder count = counts.getOrDefault(spoke, Map.of()).get(rung);
        return count == null ? 0 : count.sum();
    }
}
