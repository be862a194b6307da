// Drawing once per frame, however many events arrived, and never longer than a frame can bear; and following the end.

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

/** A function that scrolls to the newest words, unless somebody had scrolled up to read before they were drawn. */
export function follower(scroller, turns, composer) {
  const below = () => (turns.lastElementChild?.getBoundingClientRect().bottom ?? 0)
    - composer.getBoundingClientRect().top + 16;
  const isFollowing = below() < 80;
  return () => {
    const distance = below();
    if (!isFollowing || distance <= 0) return;
    const scrollsAlone = getComputedStyle(scroller).overflowY === "auto";
    (scrollsAlone ? scroller : document.scrollingElement).scrollBy(0, distance);
  };
}
