/* A voice note of at most a minute: tap to speak, tap to stop, listen, take another. */
(() => {
  "use strict";

  const TYPES = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus", "audio/webm"];
  const canRecord = Boolean(window.MediaRecorder && navigator.mediaDevices?.getUserMedia);

  /* `button` starts and stops; `box` shows the recording; `told` hears of each recording, and of none. */
  const voice = ({ button, box, longest, told, refused }) => {
    const label = button.querySelector("[data-label]");
    const [start, stop] = [label.textContent, button.dataset.stop];
    const player = box.querySelector("audio");
    let recorder = null;
    let ticking = 0;

    const show = (blob) => {
      if (player.src) URL.revokeObjectURL(player.src);
      box.hidden = !blob;
      if (blob) player.src = URL.createObjectURL(blob);
      else player.removeAttribute("src");
      told(blob);
    };

    const begin = async () => {
      let stream;
      try {
        stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      } catch {
        refused();
        return;
      }
      const type = TYPES.find((one) => MediaRecorder.isTypeSupported(one));
      const parts = [];
      recorder = new MediaRecorder(stream, { ...(type && { mimeType: type }), audioBitsPerSecond: 24_000 });
      recorder.ondataavailable = (event) => event.data.size && parts.push(event.data);
      recorder.onstop = () => {
        clearInterval(ticking);
        for (const track of stream.getTracks()) track.stop();
        button.classList.remove("filing__way--on");
        label.textContent = start;
        show(parts.length ? new Blob(parts, { type: (type || recorder.mimeType).split(";")[0] }) : null);
        recorder = null;
      };
      recorder.start(1000);
      button.classList.add("filing__way--on");
      const began = Date.now();
      const tick = () => {
        const gone = Math.floor((Date.now() - began) / 1000);
        label.textContent = `${stop} ${gone} / ${longest}`;
        if (gone >= longest) recorder?.stop();
      };
      tick();
      ticking = setInterval(tick, 500);
    };

    button.addEventListener("click", () => (recorder ? recorder.stop() : begin()));
    box.querySelector("button").addEventListener("click", () => show(null));
    return {
      show,
      /* What is being said when Send is pressed belongs to it. */
      finish: () =>
        new Promise((resolve) => {
          if (!recorder) return resolve();
          recorder.addEventListener("stop", () => setTimeout(resolve), { once: true });
          recorder.stop();
        }),
    };
  };

  window.ljVoice = { canRecord, voice };
})();
