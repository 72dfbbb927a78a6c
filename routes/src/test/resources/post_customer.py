"""A SOAP client that is not ours: reads the WSDL and posts one customer. Prints what came back as JSON."""
import json
import sys

import requests
import zeep
from requests.auth import HTTPBasicAuth
from zeep.transports import Transport

wsdl, user, password, customer = sys.argv[1:5]
session = requests.Session()
session.auth = HTTPBasicAuth(user, password)
client = zeep.Client(wsdl, transport=Transport(session=session, timeout=20))
try:
    answer = client.service.upsertCustomer(customer=json.loads(customer))
    print(json.dumps(zeep.helpers.serialize_object(answer), default=str))
except zeep.exceptions.Fault as fault:
    detail = "".join(fault.detail.itertext()) if fault.detail is not None else ""
    print(json.dumps({"fault": fault.message, "code": str(fault.code), "detail": detail}))
