import { afterAll, beforeAll } from 'vitest';
import { Database } from '../../datasets/tables/database.ts';
import { emptyFolder } from './stage-runner.ts';

/** Opens a database for the tests of a file or a `describe`, and returns how to get it within them. */
export function sharedDatabase(): () => Database {
  let done: () => void;
  let database: Database;
  beforeAll(async () => {
    const scratch = await emptyFolder();
    await new Promise<void>((opened) => {
      void Database.use(scratch, (each) => {
        database = each;
        opened();
        return new Promise<void>((resolve) => (done = resolve));
      });
    });
  });
  afterAll(() => done());
  return () => database;
}
