/** Whether an aggregate report is one, as another program sees it. */
import { equal } from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { run } from './outside.ts';

/** Has xmllint compare a document with the schema. Throws with what it says. */
export async function isDmarcReport(xml: string): Promise<void> {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'capri-dmarc-'));
  try {
    fs.writeFileSync(path.join(directory, 'schema.xsd'), DMARC_SCHEMA);
    fs.writeFileSync(path.join(directory, 'report.xml'), xml);
    const { status, output } = await run('xmllint', ['--noout', '--nonet', '--schema', path.join(directory, 'schema.xsd'), path.join(directory, 'report.xml')]);
    equal(status, 0, output);
  } finally {
    fs.rmSync(directory, { recursive: true, force: true });
  }
}

/**
 * What an aggregate report must look like, as an XML schema for xmllint: the elements, values and numbers of RFC 9990 §3.1.1 and Appendix A, compared with its text,
 * extensions and languages included. Stricter than the RFC's own schema in three things: addresses, counts and names must be such, what the tables say comes in their
 * order where they demand one, and what we always write must be there.
 */
const DMARC_SCHEMA = `<?xml version="1.0"?>
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns="urn:ietf:params:xml:ns:dmarc-2.0" targetNamespace="urn:ietf:params:xml:ns:dmarc-2.0" elementFormDefault="qualified">
  <xs:complexType name="words"><xs:simpleContent><xs:extension base="xs:string"><xs:attribute name="lang" type="xs:language" default="en"/></xs:extension></xs:simpleContent></xs:complexType>
  <xs:simpleType name="name"><xs:restriction base="xs:string"><xs:minLength value="1"/><xs:maxLength value="255"/></xs:restriction></xs:simpleType>
  <xs:simpleType name="policy"><xs:restriction base="xs:string">
    <xs:enumeration value="none"/><xs:enumeration value="quarantine"/><xs:enumeration value="reject"/></xs:restriction></xs:simpleType>
  <xs:simpleType name="disposition"><xs:restriction base="xs:string">
    <xs:enumeration value="none"/><xs:enumeration value="pass"/><xs:enumeration value="quarantine"/><xs:enumeration value="reject"/></xs:restriction></xs:simpleType>
  <xs:simpleType name="alignment"><xs:restriction base="xs:string"><xs:enumeration value="r"/><xs:enumeration value="s"/></xs:restriction></xs:simpleType>
  <xs:simpleType name="yesNo"><xs:restriction base="xs:string"><xs:enumeration value="n"/><xs:enumeration value="y"/></xs:restriction></xs:simpleType>
  <xs:simpleType name="discovery"><xs:restriction base="xs:string"><xs:enumeration value="psl"/><xs:enumeration value="treewalk"/></xs:restriction></xs:simpleType>
  <xs:simpleType name="aligned"><xs:restriction base="xs:string"><xs:enumeration value="pass"/><xs:enumeration value="fail"/></xs:restriction></xs:simpleType>
  <xs:simpleType name="override"><xs:restriction base="xs:string">
    <xs:enumeration value="local_policy"/><xs:enumeration value="mailing_list"/><xs:enumeration value="other"/>
    <xs:enumeration value="policy_test_mode"/><xs:enumeration value="trusted_forwarder"/></xs:restriction></xs:simpleType>
  <xs:simpleType name="dkimResult"><xs:restriction base="xs:string">
    <xs:enumeration value="none"/><xs:enumeration value="pass"/><xs:enumeration value="fail"/><xs:enumeration value="policy"/>
    <xs:enumeration value="neutral"/><xs:enumeration value="temperror"/><xs:enumeration value="permerror"/></xs:restriction></xs:simpleType>
  <xs:simpleType name="spfResult"><xs:restriction base="xs:string">
    <xs:enumeration value="none"/><xs:enumeration value="pass"/><xs:enumeration value="fail"/><xs:enumeration value="softfail"/><xs:enumeration value="policy"/>
    <xs:enumeration value="neutral"/><xs:enumeration value="temperror"/><xs:enumeration value="permerror"/></xs:restriction></xs:simpleType>
  <xs:simpleType name="mfrom"><xs:restriction base="xs:string"><xs:enumeration value="mfrom"/></xs:restriction></xs:simpleType>
  <xs:simpleType name="address"><xs:restriction base="xs:string">
    <xs:pattern value="((25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])\\.){3}(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])"/><xs:pattern value="[0-9a-fA-F:]*:[0-9a-fA-F:.]*"/></xs:restriction></xs:simpleType>
  <xs:complexType name="extensions"><xs:sequence><xs:any namespace="##other" processContents="lax" minOccurs="0" maxOccurs="unbounded"/></xs:sequence></xs:complexType>
  <xs:element name="feedback"><xs:complexType><xs:sequence>
    <xs:element name="version"><xs:simpleType><xs:restriction base="xs:decimal"><xs:enumeration value="1.0"/></xs:restriction></xs:simpleType></xs:element>
    <xs:element name="report_metadata"><xs:complexType><xs:all>
      <xs:element name="org_name" type="name"/>
      <xs:element name="email"><xs:simpleType><xs:restriction base="xs:string"><xs:pattern value="[^@ ]+@[^@ ]+"/></xs:restriction></xs:simpleType></xs:element>
      <xs:element name="extra_contact_info" type="words" minOccurs="0"/>
      <xs:element name="report_id"><xs:simpleType><xs:restriction base="xs:string"><xs:pattern value="[A-Za-z0-9]+"/></xs:restriction></xs:simpleType></xs:element>
      <xs:element name="date_range"><xs:complexType><xs:all>
        <xs:element name="begin" type="xs:nonNegativeInteger"/><xs:element name="end" type="xs:nonNegativeInteger"/></xs:all></xs:complexType></xs:element>
      <xs:element name="error" type="words" minOccurs="0"/>
      <xs:element name="generator" type="xs:string"/></xs:all></xs:complexType></xs:element>
    <xs:element name="policy_published"><xs:complexType><xs:all>
      <xs:element name="domain" type="name"/>
      <xs:element name="discovery_method" type="discovery"/>
      <xs:element name="p" type="policy"/>
      <xs:element name="sp" type="policy"/>
      <xs:element name="np" type="policy"/>
      <xs:element name="fo" type="xs:string" minOccurs="0"/>
      <xs:element name="adkim" type="alignment"/>
      <xs:element name="aspf" type="alignment"/>
      <xs:element name="testing" type="yesNo"/></xs:all></xs:complexType></xs:element>
    <xs:element name="extension" type="extensions" minOccurs="0"/>
    <xs:element name="record" maxOccurs="unbounded"><xs:complexType><xs:sequence>
      <xs:element name="row"><xs:complexType><xs:all>
        <xs:element name="source_ip" type="address"/>
        <xs:element name="count" type="xs:positiveInteger"/>
        <xs:element name="policy_evaluated"><xs:complexType><xs:sequence>
          <xs:element name="disposition" type="disposition"/>
          <xs:element name="dkim" type="aligned"/>
          <xs:element name="spf" type="aligned"/>
          <xs:element name="reason" minOccurs="0" maxOccurs="unbounded"><xs:complexType><xs:all>
            <xs:element name="type" type="override"/><xs:element name="comment" type="words" minOccurs="0"/></xs:all></xs:complexType></xs:element>
        </xs:sequence></xs:complexType></xs:element></xs:all></xs:complexType></xs:element>
      <xs:element name="identifiers"><xs:complexType><xs:all>
        <xs:element name="header_from" type="name"/>
        <xs:element name="envelope_from" type="xs:string" minOccurs="0"/>
        <xs:element name="envelope_to" type="xs:string" minOccurs="0"/></xs:all></xs:complexType></xs:element>
      <xs:element name="auth_results"><xs:complexType><xs:sequence>
        <xs:element name="dkim" minOccurs="0" maxOccurs="100"><xs:complexType><xs:all>
          <xs:element name="domain" type="name"/><xs:element name="selector" type="name"/><xs:element name="result" type="dkimResult"/>
          <xs:element name="human_result" type="words" minOccurs="0"/></xs:all></xs:complexType></xs:element>
        <xs:element name="spf"><xs:complexType><xs:all>
          <xs:element name="domain" type="name"/><xs:element name="scope" type="mfrom" minOccurs="0"/><xs:element name="result" type="spfResult"/>
          <xs:element name="human_result" type="words" minOccurs="0"/></xs:all></xs:complexType></xs:element>
      </xs:sequence></xs:complexType></xs:element>
      <xs:any namespace="##other" processContents="lax" minOccurs="0" maxOccurs="unbounded"/>
    </xs:sequence></xs:complexType></xs:element>
  </xs:sequence></xs:complexType></xs:element>
</xs:schema>
`;
