<?xml version="1.0" encoding="UTF-8"?>
<!--
  A customer from SAP: an IDoc of the type DEBMAS as XML. One IDoc to a message; a missing element was not sent, a single
  slash clears. Elements are matched by local name, since releases differ in their namespaces. XSLT rather than JSONata
  because IDocs repeat and nest segments, and a sole segment must not look different from several.
-->
<xsl:stylesheet version="3.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:xs="http://www.w3.org/2001/XMLSchema"
                xmlns:map="http://www.w3.org/2005/xpath-functions/map" xmlns:array="http://www.w3.org/2005/xpath-functions/array"
                xmlns:s="https://serai.invalid/mapping" exclude-result-prefixes="#all" expand-text="yes">
  <xsl:output method="json" indent="no"/>

  <!-- The value of an element that was sent; the slash and the empty element clear. -->
  <xsl:function name="s:value" as="xs:string?">
    <xsl:param name="element" as="element()?"/>
    <xsl:sequence select="normalize-space($element)[not(. = ('', '/'))]"/>
  </xsl:function>

  <xsl:template match="/">
    <xsl:variable name="customer" select="(//*:E1KNA1M)[1]"/>
    <xsl:variable name="control" select="(//*:EDI_DC40)[1]"/>
    <xsl:if test="empty($customer/*:KUNNR)">
      <xsl:message terminate="yes">The IDoc has no customer number (E1KNA1M/KUNNR); send a complete DEBMAS.</xsl:message>
    </xsl:if>
    <xsl:variable name="country" select="s:country(s:value($customer/*:LAND1))"/>
    <xsl:variable name="phone" select="s:e164(s:value($customer/*:TELF1), $country)"/>
    <xsl:variable name="vat" select="s:value($customer/*:STCEG)"/>
    <xsl:variable name="mail" select="$customer//*:E1ADRML//*:SMTP_ADDR[s:value(.)]"/>
    <xsl:variable name="person" select="$customer/*:STKZN = 'X'"/>
    <xsl:sequence select="map:merge((
      map:entry('source', map:merge((
        map:entry('id', replace(s:value($customer/*:KUNNR), '^0+(.)', '$1')),
        if ($control/*:SERIAL) then map:entry('revision', s:value($control/*:SERIAL)) else (),
        if ($customer/*:LOEVM = 'X') then map:entry('deleted', true()) else ()))),
      if ($customer/*:NAME1) then map:entry('kind', if ($person) then 'person' else 'organization') else (),
      if ($customer/*:NAME1 and $person)
        then map:entry('name', map { 'family': s:value($customer/*:NAME1), 'given': s:value($customer/*:NAME2) }) else (),
      if ($customer/*:NAME1 and not($person))
        then map:entry('organizationName', s:trimmed(string-join((s:value($customer/*:NAME1), s:value($customer/*:NAME2)), ' '))) else (),
      if ($mail) then map:entry('emails', array { for $m in distinct-values($mail) return map { 'address': normalize-space($m) } }) else (),
      if ($customer/*:TELF1) then map:entry('phones', array { for $p in $phone return map { 'number': $p } }) else (),
      if ($customer/(*:STRAS|*:ORT01|*:PSTLZ|*:LAND1)) then map:entry('addresses', array { map {
        'use': 'billing',
        'lines': array { s:value($customer/*:STRAS) },
        'city': s:value($customer/*:ORT01),
        'region': s:value($customer/*:REGIO),
        'postalCode': s:value($customer/*:PSTLZ),
        'country': $country } }) else (),
      if ($customer/*:STCEG) then map:entry('identifiers', array { for $v in $vat return map { 'scheme': 'vat', 'value': $v } }) else (),
      if ($customer/*:SPRAS_ISO) then map:entry('language', s:language(s:value($customer/*:SPRAS_ISO))) else ()
    ))"/>
  </xsl:template>
</xsl:stylesheet>
