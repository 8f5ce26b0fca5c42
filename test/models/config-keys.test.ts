import { describe, it } from 'vitest';
import { medSchema } from '../../models/blip/config.ts';
import { clipSchema, clipTextSchema, clipVisionSchema } from '../../models/clip/config.ts';
import { imageProcessorSchema } from '../../models/clip/image-processor.ts';
import { unetSchema } from '../../models/unet/config.ts';
import { vaeSchema } from '../../models/vae/config.ts';
import { expectEveryKey, type KeyWalk } from './config-keys.ts';

const unet = {
  sample_size: 8,
  block_out_channels: [32, 64],
  down_block_types: ['CrossAttnDownBlock2D', 'DownBlock2D'],
  up_block_types: ['UpBlock2D', 'CrossAttnUpBlock2D'],
};
const vae = {
  block_out_channels: [32, 64],
  down_block_types: Array(2).fill('DownEncoderBlock2D'),
  up_block_types: Array(2).fill('UpDecoderBlock2D'),
};

const legacy = {
  text_config_dict: 'models/clip/load.ts takes it for text_config',
  vision_config_dict: 'models/clip/load.ts takes it for vision_config',
};
const towers = { text_config: 'filled in', vision_config: 'filled in' };
const sizes = { size: "the vision tower's image_size", crop_size: "the vision tower's image_size" };
const blip = { add_cross_attention: 'its BERT looks at pictures', vocab_size: 'two tokens more than BERT' };

describe('each key that its library acts on is applied, refused by name, or known to be without effect', () => {
  it.each<[string, KeyWalk]>([
    ['UNet2DConditionModel', { schema: unetSchema, base: unet, readIn: ['models/unet', 'evaluation/generator.ts'] }],
    ['AutoencoderKL', { schema: vaeSchema, base: vae, readIn: ['models/vae'] }],
    ['CLIPTextConfig', { schema: clipTextSchema, readIn: ['models/clip'] }],
    ['CLIPVisionConfig', { schema: clipVisionSchema, readIn: ['models/clip'] }],
    ['CLIPConfig', { schema: clipSchema, readIn: ['models/clip'], elsewhere: legacy, ownDefault: towers }],
    [
      'CLIPImageProcessor',
      { schema: imageProcessorSchema, readIn: ['models/clip/image-processor.ts'], ownDefault: sizes },
    ],
    ['BertConfig', { schema: medSchema, readIn: ['models/blip'], ownDefault: blip }],
  ])('%s', (name, walk) => expectEveryKey(name, walk));
});
