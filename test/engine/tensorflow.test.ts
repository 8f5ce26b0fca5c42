import { describe, expect, it } from 'vitest';
import { tf } from '../../engine/tensorflow.ts';

describe('a tensor from a typed array', () => {
  // One of these lies where TensorFlow could use the array's memory as its own.
  it.each([0, 16, 32, 48])(
    'keeps its values when the array is written to later (%i bytes from the start)',
    (offset) => {
      const values = new Float32Array(new ArrayBuffer(1024 + offset), offset, 256).fill(1);
      const tensor = tf.tensor1d(values);
      tensor.neg().dispose();
      values.fill(2);
      expect(tensor.sum().dataSync()).toEqual(Float32Array.of(256));
    },
  );
});
