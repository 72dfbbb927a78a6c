/** The door for systems that speak SOAP: the contract is {@code wsdl/customers.wsdl}, read by CXF and by ourselves. */
package io.serai.hub.soap;
