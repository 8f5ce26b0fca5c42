import { armLabel } from '../../../evaluation/report/format-numbers.ts';
import { setQuery } from '../data/route.ts';

/** The choice of an arm, which is kept in the address. */
export function ArmChoice({ arm, arms }: { arm: string; arms: readonly string[] }) {
  return (
    <label>
      Arm{' '}
      <select value={arm} onChange={({ currentTarget }) => setQuery({ arm: currentTarget.value })}>
        {arms.map((each) => (
          <option key={each} value={each}>
            {armLabel(each)}
          </option>
        ))}
      </select>
    </label>
  );
}
