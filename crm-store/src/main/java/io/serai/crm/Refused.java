package io.serai.crm;

/** A planner's "no", with the field and the reason. */
final class Refused extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final transient Refusal refusal;

    Refused(String entity, String field, String problem, String code) {
        super(problem, null, false, false);
        this.refusal = new Refusal("crm:" + entity, field, problem, code);
    }

    Refusal refusal() {
        return refusal;
    }
}
