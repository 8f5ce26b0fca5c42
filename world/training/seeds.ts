/** Seeds of the steps of a world's build: every model has its own; the held-out reward's data has yet another. */
export const SEEDS = {
  web: 1,
  vae: 2,
  decoder: 16,
  base: 3,
  draft: 4,
  layout: 11,
  unet: 12,
  bank: 5,
  clip: 6,
  preference: 7,
  aesthetic: 8,
  heldOutBank: 9,
  heldOut: 10,
  second: 13,
  inpainting: 14,
  control: 15,
};
