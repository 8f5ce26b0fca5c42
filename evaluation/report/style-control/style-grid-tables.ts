import type { StyleGrid, Styles } from '../../styles/style-results.ts';
import { html, type Markup } from '../markup.ts';

/** Renders pictures of the same prompt and noise by the weights of two encoders. */
export function gridTables({ grids }: Styles): Markup | undefined {
  if (grids.length === 0) return undefined;
  return html`<h3 class="subhead">Two encoders at once</h3>
    <p>
      The weight of one encoder grows from left to right, that of the other downwards; top left is the base. The
      pictures of a table have the same prompt and start from the same noise.
    </p>
    ${grids.map((grid) => grid.prompts.map((each) => gridTable(grid, each)))}`;
}

function gridTable({ across, down, weights }: StyleGrid, { prompt, files }: StyleGrid['prompts'][number]): Markup {
  return html`<table class="sliders" style="--columns: ${weights.length}">
    <caption>
      ${prompt}
    </caption>
    <thead>
      <tr>
        <td class="corner"></td>
        <th scope="colgroup" colspan="${weights.length}">${across} →</th>
      </tr>
      <tr>
        <th class="corner">${down} ↓</th>
        ${weights.map((weight) => html`<th scope="col">${weight}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${files.map(
        (row, i) =>
          html`<tr>
            <th scope="row">${weights[i]!}</th>
            ${row.map((file, j) => html`<td><img src="${file}" alt="${`${prompt} (${across} ${weights[j]!}, ${down} ${weights[i]!})`}" /></td>`)}
          </tr>`,
      )}
    </tbody>
  </table>`;
}
