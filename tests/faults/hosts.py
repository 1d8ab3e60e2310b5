"""Hosts of a test: network namespaces on one bridge, so that links can be cut and slowed for real.

Addresses are 10.213.N.0/24, of which the bridge has .1: nothing outside of this machine is reached. Everything is removed
again, also after an interrupt.
"""

import os
import shutil
import subprocess
import sys
import tempfile

PREFIX = "10.213"


def run(*command, check=True):
    return subprocess.run([str(part) for part in command], check=check, capture_output=True, text=True, timeout=30)


def why_not():
    """What keeps this machine from having such hosts; empty: nothing. All that the faults need is tried."""
    if os.geteuid() != 0:
        return "not root: network namespaces cannot be made"
    for tool in ("ip", "tc", "unshare", "mount"):
        if not shutil.which(tool):
            return f"there is no {tool} (Debian: apt-get install iproute2 util-linux mount)"
    folder = tempfile.mkdtemp(prefix="kload-try-")
    network = None
    try:
        network = Network()
        host = network.host("try")
        host.slow("1mbit")
        host.fast()
        if not reach(host, network.host("other")):
            return ("hosts cannot reach each other here: something drops what a bridge forwards (a Docker engine that runs or ran "
                    "does: iptables -P FORWARD ACCEPT, sysctl net.bridge.bridge-nf-call-iptables=0)")
        host.cut()
        run(*host.command("true", clock_offset=5))
        run("mount", "-t", "tmpfs", "tmpfs", folder)
        run("umount", folder)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as failed:
        return f"hosts cannot be made here: {' '.join(map(str, failed.cmd))}: {(failed.stderr or '').strip()}"
    finally:
        if network is not None:
            network.end()
        os.rmdir(folder)
    return ""


def reach(one, other):
    """Whether a connection from one host to the other comes about within some seconds."""
    listen = "import socket; s = socket.create_server(('', 7)); print(flush=True); s.settimeout(5); s.accept()"
    connect = f"import socket; socket.create_connection(('{other.address}', 7), 3)"
    server = subprocess.Popen(other.command(sys.executable, "-c", listen), stdout=subprocess.PIPE)
    try:
        server.stdout.readline()  # it listens
        return run(*one.command(sys.executable, "-c", connect), check=False).returncode == 0
    finally:
        server.kill()
        server.wait()
        server.stdout.close()


def can_delay():
    """Whether the kernel has netem, which slows packets down; else links are slowed by their rate alone."""
    name = f"kldly{os.getpid() % 100000}"
    if run("ip", "link", "add", name, "type", "dummy", check=False).returncode:
        return False
    made = run("tc", "qdisc", "add", "dev", name, "root", "netem", "delay", "1ms", check=False)
    run("ip", "link", "del", name)
    return made.returncode == 0


class Network:
    """A bridge and the hosts on it."""

    _made = 0

    def __init__(self):
        # The kernel takes its time to remove what one before had.
        Network._made += 1
        self._tag = (os.getpid() * 31 + Network._made) % 10000
        self._bridge = f"klbr{self._tag}"
        self._subnet = f"{PREFIX}.{self._tag % 250}"
        self._hosts = []
        run("ip", "link", "add", self._bridge, "type", "bridge")
        try:
            run("ip", "addr", "add", f"{self._subnet}.1/24", "dev", self._bridge)
            run("ip", "link", "set", self._bridge, "up")
        except subprocess.CalledProcessError:
            self.end()
            raise

    def host(self, name):
        host = Host(self, name, len(self._hosts) + 2)
        self._hosts.append(host)
        return host

    def end(self):
        for host in self._hosts:
            run("ip", "link", "del", host._outside, check=False)
            run("ip", "netns", "del", host.namespace, check=False)
        run("ip", "link", "del", self._bridge, check=False)


class Host:
    def __init__(self, network, name, number):
        self.name = name
        self.namespace = f"kload-{network._tag}-{name}"
        self.address = f"{network._subnet}.{number}"
        self._outside = f"kl{network._tag}o{number}"  # the link's end on the bridge
        inside = f"kl{network._tag}i{number}"
        run("ip", "netns", "add", self.namespace)
        run("ip", "link", "add", self._outside, "type", "veth", "peer", "name", inside, "netns", self.namespace)
        run("ip", "link", "set", self._outside, "master", network._bridge)
        run("ip", "link", "set", self._outside, "up")
        for command in (("addr", "add", f"{self.address}/24", "dev", inside), ("link", "set", inside, "up"),
                        ("link", "set", "lo", "up")):
            run("ip", "-n", self.namespace, *command)
        self._inside = inside

    def command(self, *command, clock_offset=0):
        """The command that runs `command` here; its steady clock is `clock_offset` seconds ahead of the machine's."""
        skew = ["unshare", "--time", "--monotonic", str(clock_offset), "--fork", "--kill-child"] if clock_offset else []
        return ["ip", "netns", "exec", self.namespace, *skew, *command]

    def cut(self):
        """Packets vanish, both ways; nobody is told."""
        run("ip", "link", "set", self._outside, "down")

    def heal(self):
        run("ip", "link", "set", self._outside, "up")

    def mute(self, other):
        """What this host sends to `other` vanishes; what `other` sends arrives. By a neighbour that does not exist."""
        run("ip", "-n", self.namespace, "neigh", "replace", other.address, "lladdr", "02:00:00:00:00:01", "dev", self._inside,
            "nud", "permanent")

    def unmute(self, other):
        run("ip", "-n", self.namespace, "neigh", "del", other.address, "dev", self._inside)

    def slow(self, rate, delay=None):
        """`rate` in tc's words, both ways; `delay` where the kernel can."""
        both = [("tc",), ("ip", "netns", "exec", self.namespace, "tc")]
        for prefix, device in zip(both, (self._outside, self._inside)):
            if delay and can_delay():
                run(*prefix, "qdisc", "replace", "dev", device, "root", "netem", "delay", *delay.split(), "rate", rate)
            else:
                run(*prefix, "qdisc", "replace", "dev", device, "root", "tbf", "rate", rate, "burst", "4k", "latency", "2s")

    def fast(self):
        run("tc", "qdisc", "del", "dev", self._outside, "root", check=False)
        run("ip", "netns", "exec", self.namespace, "tc", "qdisc", "del", "dev", self._inside, "root", check=False)
