/**
 * Measures the hub from outside, as its users meet it, beside what the same PostgreSQL does without a hub. Every figure is
 * taken several times in turn with its reference, so that a busy machine slows both.
 */
package io.serai.bench;
