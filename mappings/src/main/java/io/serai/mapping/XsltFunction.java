package io.serai.mapping;

import java.util.Arrays;
import java.util.List;
import net.sf.saxon.s9api.ExtensionFunction;
import net.sf.saxon.s9api.ItemType;
import net.sf.saxon.s9api.OccurrenceIndicator;
import net.sf.saxon.s9api.Processor;
import net.sf.saxon.s9api.QName;
import net.sf.saxon.s9api.SaxonApiException;
import net.sf.saxon.s9api.SequenceType;
import net.sf.saxon.s9api.XdmAtomicValue;
import net.sf.saxon.s9api.XdmEmptySequence;
import net.sf.saxon.s9api.XdmValue;

/** The normalising functions of JSONata mappings, for XSLT mappings: texts in, a text or nothing out. */
final class XsltFunction implements ExtensionFunction {
    static final String NAMESPACE = "https://serai.invalid/mapping";

    private interface OfTexts {
        String of(String value, String... rest);
    }

    private final String name;
    private final int arguments;
    private final OfTexts function;

    private XsltFunction(String name, int arguments, OfTexts function) {
        this.name = name;
        this.arguments = arguments;
        this.function = function;
    }

    static void registerIn(Processor processor) {
        for (var function : List.of(
                new XsltFunction("trimmed", 1, (value, rest) -> Texts.trimmed(value)),
                new XsltFunction("money", 1, (value, rest) -> Decimals.money(value, value, null)),
                new XsltFunction("money", 2, (value, rest) -> Decimals.money(value, value, rest[0])),
                new XsltFunction("decimal", 1, (value, rest) -> Decimals.decimal(value, value, null)),
                new XsltFunction("e164", 2, (value, rest) -> Phones.e164(value, value, rest[0])),
                new XsltFunction("country", 1, (value, rest) -> Countries.alpha2(value, value)),
                new XsltFunction("language", 1, (value, rest) -> Languages.tag(value, value)),
                new XsltFunction("currency", 1, (value, rest) -> Languages.currency(value, value)),
                new XsltFunction("date", 2, (value, rest) -> Moments.date(value, value, rest[0])),
                new XsltFunction("instant", 3, (value, rest) -> Moments.instant(value, value, rest[0], rest[1])))) {
            processor.registerExtensionFunction(function);
        }
    }

    @Override
    public QName getName() {
        return new QName(NAMESPACE, name);
    }

    @Override
    public SequenceType getResultType() {
        return SequenceType.makeSequenceType(ItemType.STRING, OccurrenceIndicator.ZERO_OR_ONE);
    }

    @Override
    public SequenceType[] getArgumentTypes() {
        var types = new SequenceType[arguments];
        Arrays.fill(types, getResultType());
        return types;
    }

    @Override
    public XdmValue call(XdmValue[] given) throws SaxonApiException {
        var rest = new String[arguments - 1];
        for (var i = 1; i < arguments; i++) {
            rest[i - 1] = text(given[i]);
        }
        var value = text(given[0]);
        try {
            var result = value == null ? null : function.of(value, rest);
            return result == null ? XdmEmptySequence.getInstance() : new XdmAtomicValue(result);
        } catch (Refused e) {
            throw new SaxonApiException(e.getMessage(), e);
        }
    }

    private static String text(XdmValue value) {
        return value.size() == 0 ? null : value.itemAt(0).getStringValue();
    }
}
