package io.serai.crm.canonical;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** The elements of this list keep their identity through edits: lists merge element by element, never by position. */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
public @interface IdentifiedBy {
    /** The element's component that identifies it; empty for lists of plain text, which identify themselves. */
    String value() default "";
}
