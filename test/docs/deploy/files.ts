/** Reads the files of `deploy/`. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse, parseAllDocuments } from 'yaml';

export const DEPLOY: string = fileURLToPath(new URL('../../../deploy/', import.meta.url));

export interface ComposeService {
  readonly image?: string;
  readonly build?: string;
  readonly command: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly restart?: string;
  readonly stop_grace_period?: string;
  readonly secrets?: readonly (string | { readonly source: string; readonly target: string })[];
  readonly configs?: readonly { readonly source: string; readonly target: string }[];
  readonly depends_on?: readonly string[];
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
}

export interface Compose {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
  readonly configs: Readonly<Record<string, { readonly file: string }>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

export const readDeployed = (name: string): string => readFileSync(`${DEPLOY}${name}`, 'utf8');

export const readCompose = (): Compose => parse(readDeployed('compose.yaml'), { merge: true }) as Compose;

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly args?: readonly string[];
  readonly command?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly readinessProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly resources?: { readonly requests?: object; readonly limits?: object };
  readonly securityContext?: Readonly<Record<string, unknown>>;
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
}

export interface Probe {
  readonly httpGet?: { readonly path: string; readonly port: string };
  readonly tcpSocket?: { readonly port: string };
}

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
  readonly resources?: readonly string[];
  readonly spec?: {
    readonly replicas?: number;
    readonly selector?: Readonly<Record<string, unknown>>;
    readonly template?: {
      readonly metadata: { readonly labels: Readonly<Record<string, string>> };
      readonly spec: {
        readonly containers: readonly Container[];
        readonly volumes?: readonly { readonly name: string }[];
        readonly securityContext?: Readonly<Record<string, unknown>>;
        readonly terminationGracePeriodSeconds?: number;
      };
    };
    readonly ports?: readonly { readonly name: string; readonly targetPort: string }[];
    /** Of an Ingress. */
    readonly rules?: readonly {
      readonly http: { readonly paths: readonly { readonly path: string }[] };
    }[];
    readonly volumeClaimTemplates?: readonly { readonly metadata: { readonly name: string } }[];
  };
}

export const KUBERNETES_FILES: readonly string[] = readdirSync(`${DEPLOY}kubernetes`);

/** @throws when a document is not YAML, or has a key twice */
export const readManifests = (): readonly Manifest[] =>
  KUBERNETES_FILES.flatMap((file) => parseManifests(readDeployed(`kubernetes/${file}`)));

/** Parses the documents of a text. @throws when a document is not YAML, or has a key twice */
export const parseManifests = (text: string): readonly Manifest[] =>
  parseAllDocuments(text, { uniqueKeys: true }).map((document) => {
    const [error] = document.errors;
    if (error) throw error;
    return document.toJS() as Manifest;
  });
