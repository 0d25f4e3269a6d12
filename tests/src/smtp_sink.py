#!/usr/bin/python3
"""A mail server for the journeys: takes mail for real, as the file MODE in its folder says.

serve FOLDER        one line `PORT` on stdout, then runs until stdin ends
read FILE KEY       what a mail reader sees of FILE, as JSON; KEY is the DKIM key's public half

MODE holds lines `RECIPIENT WORD [COUNT]`; `*` is every recipient. Words: ok, refuse (550), later
(451, COUNT times), slow (takes the mail and is silent until released), cut (takes the mail and
hangs up).
"""
import asyncio, email, email.policy, json, os, ssl, sys, uuid


def modes(folder):
    try:
        with open(os.path.join(folder, "MODE"), encoding="utf-8") as file:
            return [line.split() for line in file if line.strip()]
    except FileNotFoundError:
        return []


class Handler:
    def __init__(self, folder):
        self.folder, self.seen = folder, {}

    def mode(self, recipient):
        for name, word, *rest in modes(self.folder):
            if name in ("*", recipient):
                return word, int(rest[0]) if rest else 1
        return "ok", 0

    async def handle_RCPT(self, server, session, envelope, address, options):
        word, count = self.mode(address)
        self.seen[address] = self.seen.get(address, 0) + 1
        if word == "refuse":
            return "550 5.1.1 no such user"
        if word == "later" and self.seen[address] <= count:
            return "451 4.7.1 greylisted, come again"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        word, _ = self.mode(envelope.rcpt_tos[0])
        name = os.path.join(self.folder, uuid.uuid4().hex)
        with open(name + ".part", "wb") as file:
            file.write(envelope.content)
        os.rename(name + ".part", name + ".eml")
        with open(name + ".json", "w", encoding="utf-8") as file:
            login = getattr(session, "auth_data", None)
            json.dump({"from": envelope.mail_from, "to": envelope.rcpt_tos,
                       "tls": session.ssl is not None,
                       "user": login.login.decode() if login else None}, file)
        if word == "slow":
            while self.mode(envelope.rcpt_tos[0])[0] == "slow":
                await asyncio.sleep(0.05)
        if word == "cut":
            server.transport.abort()
        return "250 taken"


def serve(folder):
    from aiosmtpd.smtp import SMTP, AuthResult
    context, auth = None, {}
    if os.path.exists(os.path.join(folder, "tls.pem")):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(os.path.join(folder, "tls.pem"), os.path.join(folder, "tls.key"))
        check = lambda server, session, envelope, mechanism, data: AuthResult(
            success=(data.login, data.password) == (b"carepack", b"geheim"), auth_data=data)
        auth = {"authenticator": check, "auth_required": True}
    handler = Handler(folder)

    async def main():
        loop = asyncio.get_running_loop()
        make = lambda: SMTP(handler, tls_context=context, require_starttls=context is not None,
                            **auth)
        port = int(os.environ.get("PORT", "0"))
        server = await loop.create_server(make, "127.0.0.1", port)
        print(server.sockets[0].getsockname()[1], flush=True)
        await loop.run_in_executor(None, sys.stdin.read)
        os._exit(0)

    asyncio.run(main())


def read(path, key):
    import dkim
    with open(path, "rb") as file:
        raw = file.read()
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    part = lambda kind: mail.get_body((kind,)).get_content()
    record = b"v=DKIM1; k=rsa; p=" + key.encode()
    signed = mail["DKIM-Signature"]
    print(json.dumps({
        "subject": mail["Subject"], "to": mail["To"], "from": mail["From"],
        "message_id": mail["Message-ID"], "auto": mail["Auto-Submitted"],
        "text": part("plain"), "html": part("html"), "signature": signed,
        "dkim": bool(signed) and dkim.verify(raw, dnsfunc=lambda name, timeout=5: record),
    }))


if __name__ == "__main__":
    {"serve": serve, "read": read}[sys.argv[1]](*sys.argv[2:])
