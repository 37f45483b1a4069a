"""Which certificate authorities gRPC trusts. The official clients offer no other way than the process's environment."""

import os

VARIABLE = "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"


def trust(ca_bundle: str) -> None:
    """Make gRPC trust the PEM file `ca_bundle`; "" leaves the process as it is.

    Core reads the variable at the first TLS channel of the process and never again: a process that talks to the sandbox
    best has it in its environment from the start. Assigned, never defaulted: some systems export a bundle of their own.
    The file replaces all roots, so it has to hold the public ones too.
    """
    if ca_bundle:
        os.environ[VARIABLE] = ca_bundle
