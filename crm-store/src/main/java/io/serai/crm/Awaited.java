package io.serai.crm;

/** Something whose appearing lets a parked message go on. @param entity order, invoice or customer */
record Awaited(String entity, String key) {}
