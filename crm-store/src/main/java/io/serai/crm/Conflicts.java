package io.serai.crm;

import java.util.LinkedHashMap;
import java.util.Map;

import io.serai.crm.plan.Merge;
import io.serai.crm.plan.Source;

/** Asks a person about fields that spokes do not agree on. */
final class Conflicts {
    private final Workspace workspace;

    Conflicts(Workspace workspace) {
        this.workspace = workspace;
    }

    void park(Merge.Result result, GoldenRow golden, Source source) {
        for (Merge.Conflict conflict : result.conflicts()) {
            Map<String, Object> detail = new LinkedHashMap<>();
            detail.put("golden", conflict.golden());
            detail.put("theirs", conflict.theirs());
            if (!conflict.fought().isEmpty()) {
                parkFrozen(conflict, golden, source, detail);
                continue;
            }
            Refusal why = new Refusal("crm:" + golden.entity.word(), conflict.path(), "Spoke " + source.spoke()
                    + " and another changed the same field. The hub kept its value; choose the right one.", "conflict");
            workspace.park("CONFLICT", "conflict:" + golden.id + ":" + conflict.path() + ":" + source.spoke(),
                    "conflicting " + golden.entity.word() + " " + field(conflict.path()), source.spoke(),
                    golden.entity.word(), golden.id, source.message(), why, detail);
        }
    }

    private void parkFrozen(Merge.Conflict conflict, GoldenRow golden, Source source, Map<String, Object> detail) {
        detail.put("values", conflict.fought().stream().map(lost -> {
            Map<String, Object> value = new LinkedHashMap<>();
            value.put("value", lost.value());
            value.put("spoke", lost.source().spoke());
            value.put("at", lost.source().at().toString());
            return value;
        }).toList());
        Refusal why = new Refusal("crm:" + golden.entity.word(), conflict.path(), "The field goes to and fro between "
                + "spokes, last between " + source.spoke() + " and "
                + golden.provenance().source(conflict.path()).spoke()
                + ". The hub keeps its value and takes no other. Choose the right value to let it go on.", "frozen");
        workspace.park("FROZEN_FIELD", frozen(golden, conflict.path()),
                "frozen " + golden.entity.word() + " " + field(conflict.path()), source.spoke(),
                golden.entity.word(), golden.id, source.message(), why, detail);
    }

    /** What makes it one and the same question. */
    static String frozen(GoldenRow golden, String path) {
        return "frozen:" + golden.id + ":" + path;
    }

    /** The top-level field: the rest of a path may name whose it is. */
    private static String field(String path) {
        int end = path.indexOf('/', 1);
        return end < 0 ? path : path.substring(0, end);
    }
}
