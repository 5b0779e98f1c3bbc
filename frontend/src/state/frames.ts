/** Paint at most once per animation frame, however many updates arrive in between. */

export interface FrameBatch {
  schedule(): void;
  cancel(): void;
}

export function createFrameBatch(paint: () => void): FrameBatch {
  let frame: number | null = null;
  return {
    schedule() {
      frame ??= requestAnimationFrame(() => {
        frame = null;
        paint();
      });
    },
    cancel() {
      if (frame !== null) cancelAnimationFrame(frame);
      frame = null;
    },
  };
}
