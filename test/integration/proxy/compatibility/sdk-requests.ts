/**
 * The requests of Customer.io's SDKs for apps. The shapes were read from the public sources of the SDKs, which each request names;
 * the values are made up.
 */
import { gzipSync } from 'node:zlib';
import { basicAuthorization } from '../../../../src/protocol/wire.ts';
import { CLIENT_KEY } from '../setup.ts';

type Json = Readonly<Record<string, unknown>>;

export interface SdkRequest {
  readonly method: 'GET' | 'POST';
  /** Below the host of the SDK, which ends with `/v1`. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer>;
}

/** One of the SDKs, with the requests that it makes. */
export interface AppSdk {
  readonly name: string;
  /** The settings that the SDK reads when it starts. */
  readonly settings: SdkRequest;
  /** A batch of events. */
  batch(events: readonly Json[], sentAt?: string): SdkRequest;
  /** The fields of an event that this SDK adds to those of the call. */
  event(call: Json): Json;
  /** An event that is sent alone, while the app is in the background; `undefined` where the SDK sends none to its API host. */
  readonly alone?: (event: Json) => SdkRequest;
}

const SENT_AT = '2026-01-02T03:04:07.000Z';
const ANONYMOUS_ID = '5b9c4b60-6d1f-4a7e-9a55-3f6c1f0a9d01';
let count = 0;

/** A random UUID, as both SDKs make for each event. */
const messageId = (): string => `00000000-0000-4000-8000-${String((count += 1)).padStart(12, '0')}`;

/**
 * Android 4.19: `datapipelines/…/CustomerIODestination.kt` and `ContextPlugin.kt` of customerio/customerio-android, over
 * segmentio/analytics-kotlin 1.24: `HTTPClient.kt` (path, media type, gzip, user agent; no Authorization), `StorageImpl.kt` (the
 * fields of a batch), `Events.kt`, `AndroidContextPlugin.kt`. React Native and Flutter use the same code on Android.
 */
export const ANDROID: AppSdk = {
  name: 'Android',
  settings: {
    method: 'GET',
    path: `/projects/${CLIENT_KEY}/settings`,
    headers: { 'User-Agent': 'analytics-kotlin/1.24.1', 'Content-Type': 'application/json; charset=utf-8' },
  },
  batch: (events, sentAt = SENT_AT) => ({
    method: 'POST',
    path: '/b',
    headers: {
      'User-Agent': 'analytics-kotlin/1.24.1',
      'Content-Type': 'text/plain',
      'Content-Encoding': 'gzip',
    },
    body: new Uint8Array(
      gzipSync(
        `{"batch":[${events.map((each) => JSON.stringify(each)).join(',')}],"sentAt":"${sentAt}","writeKey":"${CLIENT_KEY}"}`,
      ),
    ),
  }),
  event: (call) => ({
    ...call,
    messageId: messageId(),
    anonymousId: ANONYMOUS_ID,
    context: {
      app: { name: 'Shop', version: '3.2.1', namespace: 'com.example.shop', build: '321' },
      device: {
        id: 'device-1',
        manufacturer: 'Google',
        model: 'Pixel 9',
        name: 'tokay',
        type: 'android',
        token: 'fcm-token-1',
      },
      os: { name: 'Android', version: '16' },
      screen: { density: 2.625, height: 2205, width: 1080 },
      network: { wifi: true, bluetooth: false, cellular: false },
      locale: 'de-DE',
      timezone: 'Europe/Berlin',
      userAgent: 'Customer.io Android Client/4.19.0 (Google Pixel 9; 36) com.example.shop/3.2.1',
    },
    integrations: {},
    _metadata: { bundled: ['Customer.io Data Pipelines'], unbundled: [], bundledIds: [] },
    timestamp: '2026-01-02T03:04:05.006Z',
  }),
  // `messagingpush/…/PushDeliveryTracker.kt` over `core/…/CustomerIOHttpClient.kt`.
  alone: (event) => ({
    method: 'POST',
    path: '/track',
    headers: {
      'User-Agent': 'Android Client/4.19.0',
      Authorization: basicAuthorization(CLIENT_KEY),
      'Content-Type': 'application/json; charset=utf-8',
    },
    body: JSON.stringify(event),
  }),
};

/**
 * iOS 4.7: `Sources/DataPipeline/Plugins/Context.swift` of customerio/customerio-ios, over customerio/cdp-analytics-swift 1.7.3:
 * `HTTPClient.swift` (path, media type, user agent; neither gzip nor Authorization), `DirectoryStore.swift` (the fields of a batch),
 * `Types.swift`, `Plugins/Context.swift`. React Native and Flutter use the same code on iOS.
 */
export const IOS: AppSdk = {
  name: 'iOS',
  settings: {
    method: 'GET',
    path: `/projects/${CLIENT_KEY}/settings`,
    headers: { 'User-Agent': 'analytics-ios/1.7.3', 'Content-Type': 'application/json; charset=utf-8' },
  },
  batch: (events, sentAt = SENT_AT) => ({
    method: 'POST',
    path: '/b',
    headers: {
      'User-Agent': 'analytics-ios/1.7.3',
      'Content-Type': 'application/json; charset=utf-8',
      'Accept-Encoding': 'gzip',
    },
    // Foundation writes slashes as `\/`.
    body: `{ "batch": [${events.map((each) => JSON.stringify(each).replaceAll('/', '\\/')).join(',')}],"sentAt":"${sentAt}","writeKey":"${CLIENT_KEY}"}`,
  }),
  event: (call) => ({
    ...call,
    messageId: messageId().toUpperCase(),
    anonymousId: ANONYMOUS_ID.toUpperCase(),
    timestamp: '2026-01-02T03:04:05.006Z',
    context: {
      app: { name: 'Shop', version: '3.2.1', build: '321', namespace: 'com.example.shop' },
      device: {
        manufacturer: 'Apple',
        type: 'ios',
        model: 'iPhone17,1',
        name: 'iPhone',
        id: 'vendor-id-1',
        token: 'apns',
      },
      os: { name: 'iOS', version: '26.1' },
      screen: { width: 402, height: 874 },
      network: { bluetooth: false, cellular: true, wifi: false },
      locale: 'de-DE',
      timezone: 'Europe/Berlin',
      instanceId: '7E3B3F9C-2F63-4E9C-9B2A-4A1E2D6C8F10',
      userAgent: 'Customer.io iOS Client/4.7.5 (iPhone17,1; iOS 26.1) com.example.shop/3.2.1',
    },
    integrations: {},
    _metadata: { bundled: [], unbundled: ['Customer.io Data Pipelines'], bundledIds: [] },
  }),
  // `Sources/Common/Service/BackgroundDeliveryHttpClient.swift`: for events of geofences.
  alone: (event) => ({
    method: 'POST',
    path: '/track',
    headers: {
      Authorization: basicAuthorization(CLIENT_KEY),
      'Content-Type': 'application/json; charset=utf-8',
    },
    body: JSON.stringify(event),
  }),
};

/** The calls of an app, as the fields that an SDK writes for them. */
export const CALLS: readonly Json[] = [
  { type: 'identify', userId: 'u1', traits: { plan: 'pro', points: 12 } },
  {
    type: 'track',
    event: 'Order Placed',
    userId: 'u1',
    properties: { total: 12.5, url: 'https://x.example/y' },
  },
  { type: 'screen', name: 'Cart', category: '', userId: 'u1', properties: {} },
  { type: 'group', groupId: 'team-1', userId: 'u1', traits: { seats: 3 } },
  { type: 'track', event: 'Application Opened', properties: { from_background: false, version: '3.2.1' } },
];
export const APP_SDKS: readonly AppSdk[] = [ANDROID, IOS];
