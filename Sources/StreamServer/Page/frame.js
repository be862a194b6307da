// Drawing once per frame, however many events arrived, and never longer than a frame can bear.

const budget = 10;    // milliseconds

/** A function that asks for `draw(isLate)` with the next frame, and again while that returns true. */
export function frame(draw) {
  let isAskedFor = false;
  const ask = () => {
    if (isAskedFor) return;
    isAskedFor = true;
    requestAnimationFrame(() => {
      isAskedFor = false;
      const end = performance.now() + budget;
      if (draw(() => performance.now() > end)) ask();
    });
  };
  return ask;
}
