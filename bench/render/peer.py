"""Pillow and libvips, driven as src/protocol.rs says. Arguments: the file of what to do."""

import json
import resource
import sys


def serve(work):
    """Obeys until standard input ends."""
    last = b""
    for line in sys.stdin:
        word, _, argument = line.strip().partition(" ")
        try:
            if word == "run":
                times = []
                for _ in range(int(argument)):
                    last = b""
                    before = used()
                    last = work()
                    times.append((used() - before) * 1000.0)
                answer = {"cpu_ms": times, "bytes": len(last)}
            elif word == "save":
                with open(argument, "wb") as file:
                    file.write(last)
                answer = {}
            elif word == "memory":
                with open("/proc/self/status", encoding="ascii") as status:
                    peak = next(line for line in status if line.startswith("VmHWM:"))
                answer = {"peak_kib": int(peak.split()[1])}
            else:
                answer = {"error": f"not understood: {line}"}
        except Exception as error:  # Whatever it is, it is a line of the report.
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


def used():
    """Seconds of user and system time, of all threads."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        spec = json.load(file)
    with open(spec["source"], "rb") as file:
        source = file.read()
    # Only the one that is asked is loaded, for the memory's sake.
    if spec["peer"].startswith("Pillow"):
        import by_pillow as peer
    else:
        import by_vips as peer
    serve(peer.work(spec, source))


main()
