import { describe, it } from 'vitest';
import { medSchema } from '../../../models/blip/blip-config.ts';
import { clipSchema, clipTextSchema, clipVisionSchema } from '../../../models/clip/clip-config.ts';
import { imageProcessorSchema } from '../../../models/clip/image-processor.ts';
import { addedTokenSchema, tokenizerConfigSchema } from '../../../models/clip/tokenizer/tokenizer-config.ts';
import { indexSchema } from '../../../models/folder/model-index.ts';
import { loraConfigSchema } from '../../../models/lora/lora-config.ts';
import { unetSchema } from '../../../models/unet/unet-config.ts';
import { vaeSchema } from '../../../models/vae/vae-config.ts';
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
  text_config_dict: 'models/clip/load-clip.ts takes it for text_config',
  vision_config_dict: 'models/clip/load-clip.ts takes it for vision_config',
};
const towers = { text_config: 'filled in', vision_config: 'filled in' };
const default_ = "models/clip/tokenizer/special-tokens.ts has CLIPTokenizer's";
const tokens = { bos_token: default_, eos_token: default_, unk_token: default_, pad_token: default_ };
const every = 'models/clip/tokenizer/special-tokens.ts adds every token that has a name';
const named = { sep_token: every, cls_token: every, mask_token: every };
const index = {
  _class_name: 'StableDiffusionPipeline',
  text_encoder: ['transformers', 'CLIPTextModel'],
  tokenizer: ['transformers', 'CLIPTokenizer'],
  unet: ['diffusers', 'UNet2DConditionModel'],
  vae: ['diffusers', 'AutoencoderKL'],
};
const sizes = { size: "the vision tower's image_size", crop_size: "the vision tower's image_size" };
const blip = { add_cross_attention: 'its BERT looks at pictures', vocab_size: 'two tokens more than BERT' };

describe('each key that its library acts on is applied, refused by name, or known to be without effect', () => {
  it.each<[string, KeyWalk]>([
    [
      'UNet2DConditionModel',
      { schema: unetSchema, base: unet, readIn: ['models/unet', 'evaluation/pictures/picture-generator.ts'] },
    ],
    ['AutoencoderKL', { schema: vaeSchema, base: vae, readIn: ['models/vae'] }],
    ['CLIPTextConfig', { schema: clipTextSchema, readIn: ['models/clip'] }],
    ['CLIPVisionConfig', { schema: clipVisionSchema, readIn: ['models/clip'] }],
    ['CLIPConfig', { schema: clipSchema, readIn: ['models/clip'], elsewhere: legacy, ownDefault: towers }],
    [
      'CLIPImageProcessor',
      { schema: imageProcessorSchema, readIn: ['models/clip/image-processor.ts'], ownDefault: sizes },
    ],
    ['CLIPTokenizer', { schema: tokenizerConfigSchema, readIn: ['models/clip'], ownDefault: tokens, elsewhere: named }],
    ['AddedToken', { schema: addedTokenSchema, base: { content: 'a' }, readIn: ['models/clip'] }],
    ['StableDiffusionPipeline', { schema: indexSchema, base: index, readIn: ['models/folder/pipeline-folder.ts'] }],
    [
      'LoraConfig',
      {
        schema: loraConfigSchema,
        readIn: ['models/lora/lora-scale.ts'],
        elsewhere: { init_lora_weights: 'refused where it changes the weights below, see lora.test.ts' },
      },
    ],
    ['BertConfig', { schema: medSchema, readIn: ['models/blip'], ownDefault: blip }],
  ])('%s', (name, walk) => expectEveryKey(name, walk));
});
