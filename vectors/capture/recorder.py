#!/usr/bin/python3
"""Stands between a SCEP client and a SCEP server and writes down what each of them sent.

    recorder.py LISTEN-PORT SERVER-PORT FOLDER

Every exchange becomes FOLDER/NN.request.http and FOLDER/NN.response.http: the octets as they were on the
wire, head and body, nothing added and nothing taken away. It listens on 127.0.0.1 only, and runs until it is
ended.
"""
import itertools
import pathlib
import socket
import sys
import threading


def message(stream: socket.socket) -> bytes:
    """One HTTP message: head, and as much body as the head says; without a length, up to the end."""
    octets = b""
    while b"\r\n\r\n" not in octets:
        more = stream.recv(65536)
        if not more:
            return octets
        octets += more
    head, _, body = octets.partition(b"\r\n\r\n")
    fields = dict(
        (name.strip().lower(), value.strip())
        for name, _, value in (line.partition(b":") for line in head.split(b"\r\n")[1:])
    )
    if b"chunked" in fields.get(b"transfer-encoding", b""):
        while not octets.endswith(b"0\r\n\r\n"):
            octets += stream.recv(65536)
        return octets
    is_answer = head.startswith(b"HTTP/")
    if b"content-length" not in fields:
        while is_answer and (more := stream.recv(65536)):
            octets += more
        return octets
    missing = int(fields[b"content-length"]) - len(body)
    while missing > 0 and (more := stream.recv(65536)):
        octets += more
        missing -= len(more)
    return octets


def serve(client: socket.socket, server: int, folder: pathlib.Path, numbers: "itertools.count[int]") -> None:
    """All exchanges of one connection."""
    with client:
        while request := message(client):
            number = next(numbers)
            with socket.create_connection(("127.0.0.1", server)) as upstream:
                upstream.sendall(request)
                response = message(upstream)
            (folder / f"{number:02}.request.http").write_bytes(request)
            (folder / f"{number:02}.response.http").write_bytes(response)
            client.sendall(response)
            heads = [octets.lower().partition(b"\r\n\r\n")[0] for octets in (request, response)]
            if any(b"connection: close" in head for head in heads):
                return


def main() -> None:
    listen, server, folder = int(sys.argv[1]), int(sys.argv[2]), pathlib.Path(sys.argv[3])
    folder.mkdir(parents=True, exist_ok=True)
    numbers = itertools.count(1)
    with socket.create_server(("127.0.0.1", listen)) as listener:
        while True:
            client, _ = listener.accept()
            threading.Thread(target=serve, args=(client, server, folder, numbers), daemon=True).start()


main()
