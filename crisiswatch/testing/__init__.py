"""What helps to test crisiswatch and its plug-ins: fake servers with the real wire format, and contract suites.

Public: a plug-in's author may rely on it. Import the module that is needed; nothing is imported here, because the
helpers need packages that running crisiswatch does not (pytest, aiosmtpd, cryptography).
"""
