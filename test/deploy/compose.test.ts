import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { searchAttributes } from '../../workflows/search-attributes.ts';

// docs/deploy.md says how the file was checked against Compose's own schema; these tests check the rest.

interface Service {
  image: string;
  depends_on?: Record<string, { condition: string }>;
  healthcheck?: { test: string[] };
  restart?: string;
  ports?: string[];
  volumes?: string[];
  environment?: Record<string, string>;
  command?: string[];
  configs?: { source: string }[];
}
const text = readFileSync(new URL('../../docker-compose.yml', import.meta.url), 'utf8');
const compose = parse(text, { merge: true }) as {
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
  configs: Record<string, unknown>;
};
const services = Object.entries(compose.services);

describe('docker-compose.yml', () => {
  it('has the server with its database, jobs and web page, and workers', () => {
    expect(Object.keys(compose.services)).toEqual([
      'postgres',
      'schema',
      'temporal',
      'namespace',
      'ui',
      'worker',
      'gpu-worker',
    ]);
  });

  it.each(services)('%s waits for services that can be waited for', (_, { depends_on = {} }) => {
    for (const [name, { condition }] of Object.entries(depends_on)) {
      const awaited = compose.services[name]!;
      if (condition === 'service_healthy') expect(awaited.healthcheck, name).toBeDefined();
      else {
        expect(condition).toBe('service_completed_successfully');
        expect(awaited.restart, name).toMatch(/^on-failure/); // one that is always restarted is never done
      }
    }
  });

  it.each(services)('%s publishes ports on the loopback interface only', (_, { ports = [] }) => {
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
  });

  it.each(services)('%s mounts named volumes and configs that exist', (_, { volumes = [], configs = [] }) => {
    for (const volume of volumes) {
      const source = volume.split(':')[0]!;
      if (!source.startsWith('./')) expect(Object.keys(compose.volumes)).toContain(source);
    }
    for (const { source } of configs) expect(Object.keys(compose.configs)).toContain(source);
  });

  it.each(services)('%s is of a version that is named, and not retired', (_, { image }) => {
    expect(image).not.toMatch(/auto-setup|:latest/);
    if (!image.startsWith('textcraftor')) expect(image).toMatch(/:\d|:\$\{\w+:-\d/);
  });

  it('gives workers the settings that commands read', () => {
    for (const name of ['worker', 'gpu-worker']) {
      const { environment, command } = compose.services[name]!;
      expect(environment).toEqual({ TEMPORAL_ADDRESS: 'temporal:7233', TEXTCRAFTOR_HOME: '/data' });
      expect(command!.slice(0, 2)).toEqual(['worker', '--queue']);
    }
  });

  it('makes every search attribute', () => {
    const job = compose.services['namespace']!.command!.join('\n');
    for (const { name } of searchAttributes) expect(job).toContain(`--name ${name} `);
  });
});
