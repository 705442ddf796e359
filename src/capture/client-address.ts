import type { IncomingMessage } from 'node:http';
import type Net from 'node:net';

/**
 * Which proxies are believed when they say in `X-Forwarded-For` whom they serve, as Express defines it: all of them,
 * none, as many as stand before this server, or those with an address in these subnets, `loopback`, `linklocal` or
 * `uniquelocal`.
 */
export type TrustProxy = boolean | number | string | readonly string[];

/** The address of the client that made a request, without a port; undefined where the connection has none. */
export type ClientAddress = (request: IncomingMessage) => string | undefined;

/** @throws TypeError for a `trustProxy` that is neither an address nor a subnet nor a name of some */
export function clientAddress(trustProxy: TrustProxy = false): ClientAddress {
  if (trustProxy === false) return peerAddress;
  const isTrusted = trustOf(trustProxy);
  return (request) => {
    let nearest = peerAddress(request);
    const forwarded = request.headers['x-forwarded-for'];
    if (typeof forwarded !== 'string') return nearest;
    for (const [hop, entry] of forwarded.split(',').toReversed().entries()) {
      const address = addressIn(entry);
      if (nearest === undefined || address === undefined || !isTrusted(nearest, hop)) break;
      nearest = address;
    }
    return nearest;
  };
}

/** Asked for when it is needed: a process without a server starts without it. */
const net = (): typeof Net => process.getBuiltinModule('node:net');

function peerAddress({ socket }: IncomingMessage): string | undefined {
  return socket.remoteAddress?.replace(IPV4_MAPPED, '');
}

/** How a server that listens on IPv6 sees an IPv4 client. */
const IPV4_MAPPED = /^::ffff:(?=[\d.]+$)/i;

/** Some proxies add a port. What is no address was made up by somebody: then the proxy is the last that is known. */
function addressIn(entry: string): string | undefined {
  const text = entry.trim();
  const address = net().isIP(text) ? text : text.replace(WITH_PORT, '$1$2');
  return net().isIP(address) ? address.replace(IPV4_MAPPED, '') : undefined;
}

const WITH_PORT = /^(?:\[([^\]]*)\](?::\d+)?|([\d.]+):\d+)$/;

type Trust = (address: string, hop: number) => boolean;

function trustOf(trustProxy: Exclude<TrustProxy, false>): Trust {
  if (trustProxy === true) return () => true;
  if (typeof trustProxy === 'number') return (_, hop) => hop < trustProxy;
  const proxies = blockList(typeof trustProxy === 'string' ? trustProxy.split(',') : trustProxy);
  return (address) => proxies.check(address.replace(ZONE, ''), address.includes(':') ? 'ipv6' : 'ipv4');
}

/** Of a link-local address: the interface. */
const ZONE = /%.*$/;

const NAMED: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1'],
  linklocal: ['169.254.0.0/16', 'fe80::/10'],
  uniquelocal: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
};

function blockList(proxies: readonly string[]): Net.BlockList {
  const { BlockList, isIP } = net();
  const list = new BlockList();
  for (const proxy of proxies.map((text) => text.trim()).flatMap((name) => NAMED[name] ?? name)) {
    const [, address = '', bits] = SUBNET.exec(proxy) ?? [];
    const version = isIP(address);
    if (version === 0) throw new TypeError(`${proxy} is no address`);
    const family = version === 6 ? 'ipv6' : 'ipv4';
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return list;
}

const SUBNET = /^([^/]+)(?:\/(\d{1,3}))?$/;
