# pylxd, Canonical's client for Python, in one process for a whole row. The same orders as the other drivers.
import json
import logging
import os
import queue
import random
import sys
import threading
import time
import traceback
import warnings

warnings.simplefilter('ignore')
logging.disable()  # Its WebSockets report each end that LXD gives them as a failure.
os.environ['PYLXD_WARNINGS'] = 'none'
# requests would prefer these to the certificate that it is given.
for name in ('REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE'):
    os.environ.pop(name, None)
from urllib.parse import quote

import pylxd
from pylxd.client import EventType
from ws4py.client import WebSocketBaseClient

PACE_BYTES = 4_000_000
PACE_SECONDS = 0.02
BOOT_PAUSES = [0.05, 0.05, 0.05, 0.05, 0.075, 0.075, 0.1, 0.1, 0.15, 0.2, 0.3, 0.5]


def connect(target):
    if 'socketPath' in target:
        return pylxd.Client(endpoint='http+unix://' + quote(target['socketPath'], safe=''))
    return pylxd.Client(endpoint=target['url'], cert=(target['certificate'], target['key']), verify=target['ca'])


def timed(work):
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


class Reader:
    def __init__(self, slow):
        self.slow = slow
        self.seen = 0
        self.since_rest = 0

    def take(self, data):
        self.seen += len(data)
        self.since_rest += len(data)
        if self.slow and self.since_rest >= PACE_BYTES:
            self.since_rest = 0
            time.sleep(PACE_SECONDS)


class Listener(WebSocketBaseClient):
    def handshake_ok(self):
        self.seen = queue.Queue()

    def received_message(self, message):
        self.seen.put(json.loads(message.data))


class Driver:
    def __init__(self, target):
        self.client = connect(target)
        self.containers = {}
        self.listener = None

    def event(self, instance):
        if self.listener is None:
            self.listener = self.client.events(websocket_client=Listener, event_types={EventType.Lifecycle})
            self.listener.connect()
            threading.Thread(target=self.listener.run, daemon=True).start()

        while not self.listener.seen.empty():  # what the others changed
            self.listener.seen.get()

        def work():
            config = {'user.bench': str(random.random())}
            self.client.api.instances[instance].patch(json={'config': config})
            self.listener.seen.get()

        return timed(work)

    def container(self, name):
        if name not in self.containers:
            self.containers[name] = self.client.containers.get(name)
        return self.containers[name]

    def get(self):
        return timed(lambda: self.client.api.get().json())

    def list(self):
        # Its own `containers.all()` asks for names only.
        return timed(lambda: self.client.api.instances.get(params={'recursion': 1}).json())

    def exec(self, instance):
        container = self.container(instance)
        return timed(lambda: container.execute(['true']))

    def output(self, instance, command, bytes, slow=False):
        container = self.container(instance)
        reader = Reader(slow)
        taken = timed(lambda: container.execute(command, decode=False, stdout_handler=reader.take))
        if reader.seen != bytes:
            raise RuntimeError('%d bytes came in place of %d' % (reader.seen, bytes))
        return taken

    def push(self, instance, file):
        container = self.container(instance)

        def work():
            with open(file, 'rb') as source:
                container.files.put('/tmp/bench', source)

        return timed(work)

    def pull(self, instance, file):
        container = self.container(instance)

        def work():
            with open(file, 'wb') as target:
                target.write(container.files.get('/tmp/bench'))

        return timed(work)

    def import_(self, file):
        images = []

        def work():
            with open(file, 'rb') as source:
                images.append(self.client.images.create(source))

        taken = timed(work)
        images[0].delete(wait=True)
        return taken

    def launch(self, body):
        containers = []

        def work():
            container = self.client.containers.create(body, wait=True)
            containers.append(container)
            container.start(wait=True)
            look = 0
            while container.execute(['getprop', 'sys.boot_completed']).stdout.strip() != '1':
                time.sleep(BOOT_PAUSES[min(look, len(BOOT_PAUSES) - 1)])
                look += 1

        taken = timed(work)
        containers[0].stop(force=True, wait=True)
        containers[0].delete(wait=True)
        return taken


driver = None
for line in sys.stdin:
    try:
        order = json.loads(line)
        if 'server' in order:
            driver = Driver(order)
            answer = {'milliseconds': []}
        else:
            act = getattr(driver, 'import_' if order['do'] == 'import' else order['do'])
            answer = {'milliseconds': [act(**order['with']) for _ in range(order['times'])]}
    except Exception:
        answer = {'error': traceback.format_exc()}
    print(json.dumps(answer), flush=True)
