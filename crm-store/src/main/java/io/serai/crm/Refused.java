package io.serai.crm;

/** A planner's "no", with the field and the reason. */
final class Refused extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final transient Refusal refusal;
    private final transient Awaited awaits;

    Refused(String entity, String field, String problem, String code) {
        this(entity, field, problem, code, null);
    }

    /** @param awaits what would have to be known for a yes; null when that is not it */
    Refused(String entity, String field, String problem, String code, Awaited awaits) {
        super(problem, null, false, false);
        this.refusal = new Refusal("crm:" + entity, field, problem, code);
        this.awaits = awaits;
    }

    Refusal refusal() {
        return refusal;
    }

    Awaited awaits() {
        return awaits;
    }
}
