import { flat } from './flat-style.ts';
import type { StyleName } from '../gallery-scene.ts';
import { neon } from './neon-style.ts';
import { outline } from './outline-style.ts';
import { solid } from './solid-style.ts';
import type { Style } from './style.ts';

export const styles: Record<StyleName, Style> = { flat, '3d': solid, neon, outline };
