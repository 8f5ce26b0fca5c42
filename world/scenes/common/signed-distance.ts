/** Shapes of both worlds. */
export const shapes = ['circle', 'square', 'triangle', 'cross'] as const;
export type Shape = (typeof shapes)[number];

/** Signed distances to the edges of the shapes of radius 1 around the origin (negative inside), y downwards. */
export const signedDistance: Record<Shape, (x: number, y: number) => number> = {
  circle: (x, y) => Math.hypot(x, y) - 1,
  square: (x, y) => box(x, y, 0.9, 0.9),
  // Equilateral, circumradius 1.2, its bounding box centered: the centroid is 0.3 below the origin.
  triangle: (x, y) => {
    const inradius = 0.6;
    const down = y - 0.3;
    const side = Math.abs(x) * (Math.sqrt(3) / 2) - down / 2;
    return Math.max(down, side) - inradius;
  },
  cross: (x, y) => Math.min(box(x, y, 1, 0.36), box(x, y, 0.36, 1)),
};

function box(x: number, y: number, halfWidth: number, halfHeight: number): number {
  const dx = Math.abs(x) - halfWidth;
  const dy = Math.abs(y) - halfHeight;
  return Math.hypot(Math.max(dx, 0), Math.max(dy, 0)) + Math.min(Math.max(dx, dy), 0);
}
