import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../common/errors.ts';
import { id, list, object, oneOf, record, text, whole } from '../../common/shape.ts';

interface Thing {
  name: string;
  count: number;
  note?: string;
}
const thing = object<Thing>({ name: id('stage'), count: whole(0, 9), note: text(5) }, ['note']);

describe('an object', () => {
  it('is rebuilt from the expected keys', () => {
    expect(thing({ name: 'a', count: 1 }, 'it')).toEqual({ name: 'a', count: 1 });
    expect(thing({ name: 'a', count: 1, note: 'x' }, 'it')).toEqual({ name: 'a', count: 1, note: 'x' });
    const loose = object<{ name: string }>({ name: text(9) }, [], 'keep');
    expect(loose({ name: 'a', more: [1] }, 'it')).toEqual({ name: 'a', more: [1] });
  });

  it.each([
    [{ name: 'a', count: 1, further: 1 }, 'it: there is no "further"; there are name, count, note.'],
    [{ name: '../a', count: 1 }, 'it.name: A stage name is lower-case words'],
    [{ name: 'a' }, 'it.count: expected a whole number from 0 to 9; got undefined.'],
    [{ name: 'a', count: 1.5 }, 'it.count'],
    [{ name: 'a', count: Infinity }, 'it.count'],
    [{ name: 'a', count: 10 }, 'it.count'],
    [{ name: 'a', count: 1, note: 'too long' }, 'it.note: expected a text of at most 5 characters'],
    [JSON.parse('{ "name": "a", "count": 1, "__proto__": {} }'), 'there is no "__proto__"'],
    [[], 'it: expected an object; got [].'],
    [null, 'it: expected an object; got null.'],
    ['text', 'it: expected an object'],
  ])('%j is refused by name', (value, message) => {
    expect(() => thing(value, 'it')).toThrow(InputError);
    expect(() => thing(value, 'it')).toThrow(message);
  });

  it('ignores inherited properties', () => {
    expect(() => thing(Object.create({ name: 'a', count: 1 }), 'it')).toThrow('it.name');
  });

  it('returns the expected type or throws an InputError, for any input', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        try {
          expect(Object.keys(thing(value, 'it')).every((key) => ['name', 'count', 'note'].includes(key))).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(InputError);
        }
      }),
    );
  });
});

it('a record has identifiers for keys', () => {
  const counts = record('stage', whole(0, 9), 2);
  expect(counts({ a: 1, b: 2 }, 'it')).toEqual({ a: 1, b: 2 });
  expect(() => counts(JSON.parse('{ "__proto__": 1 }'), 'it')).toThrow('it: A stage name is');
  expect(() => counts({ a: 1, b: 2, c: 3 }, 'it')).toThrow('at most 2 entries');
});

it('a list has a maximum length', () => {
  expect(list(whole(0, 9), 2)([1, 2], 'it')).toEqual([1, 2]);
  expect(() => list(whole(0, 9), 2)([1, 2, 3], 'it')).toThrow('a list of at most 2');
  expect(() => list(whole(0, 9), 2)({ length: 1 }, 'it')).toThrow('a list of at most 2');
  expect(() => list(whole(0, 9), 2)([1, 'x'], 'it')).toThrow('it[1]: expected a whole number');
});

it('oneOf accepts its values and refuses others', () => {
  expect(oneOf('a', 'b')('b', 'it')).toBe('b');
  expect(() => oneOf('a', 'b')('c', 'it')).toThrow('it: expected a or b; got "c".');
});
