package io.serai.crm.canonical;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** The elements of this list keep their identity through edits: lists merge element by element, never by position. */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
public @interface IdentifiedBy {
    /**
     * The component of an element that identifies it, and a second one where it takes both: a number, which is the same with and
     * without blanks and dots. None for lists of plain text, which identify themselves.
     */
    String[] value() default {};
}
