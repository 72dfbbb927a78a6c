package io.serai.hub.soap;

/** The body does not keep the contract. */
final class Refused extends Exception {
    private final String field;

    /**
     * @param field path of the element, e.g. {@code /upsertCustomer/customer/email[2]}
     * @param problem a full sentence: what is wrong and what to do
     */
    Refused(String field, String problem) {
        super(problem, null, false, false);
        this.field = field;
    }

    String field() {
        return field;
    }
}
