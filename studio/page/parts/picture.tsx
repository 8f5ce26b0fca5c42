/** A picture of a prompt, enlarged smoothly. */
export function Picture({ src, prompt, by }: { src: string; prompt: string; by: string }) {
  return <img class="picture" src={src} alt={`${prompt} (${by})`} loading="lazy" width="192" height="192" />;
}
