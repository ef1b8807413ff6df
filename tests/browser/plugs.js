// Added to a page before its own scripts: its devices can be pulled out, put back, and taken by another program.
// `plugs.pull(label)`, `plugs.put(label)`, `plugs.busy`: labels that cannot be used. What is there is Chromium's own.

window.plugs = { gone: new Set(), busy: new Set(), tracks: [], slow: 0, player: null };
{
  const media = navigator.mediaDevices;
  const enumerate = media.enumerateDevices.bind(media);
  const open = media.getUserMedia.bind(media);
  const { setSinkId } = HTMLMediaElement.prototype;
  const told = () => media.dispatchEvent(new Event("devicechange"));

  plugs.pull = (...labels) => {
    for (const label of labels) plugs.gone.add(label);
    for (const track of plugs.live().filter((track) => plugs.gone.has(track.label))) {
      track.stop();
      track.dispatchEvent(new Event("ended"));
    }
    told();
  };
  plugs.put = (...labels) => {
    for (const label of labels) plugs.gone.delete(label);
    told();
  };
  plugs.live = () => plugs.tracks.filter((track) => track.readyState === "live");

  media.enumerateDevices = async () => (await enumerate()).filter((device) => !plugs.gone.has(device.label));

  media.getUserMedia = async (asked) => {
    if (plugs.slow) await new Promise((done) => setTimeout(done, plugs.slow));
    let track = (await open(asked)).getAudioTracks()[0];
    if (plugs.gone.has(track.label)) {
      track.stop();
      if (asked.audio.deviceId) throw new OverconstrainedError("deviceId");
      const other = (await media.enumerateDevices()).find((device) => device.kind === "audioinput");
      if (!other) throw new DOMException("Requested device not found", "NotFoundError");
      track = (await open({ audio: { ...asked.audio, deviceId: { exact: other.deviceId } } })).getAudioTracks()[0];
    }
    if (plugs.busy.has(track.label)) {
      track.stop();
      throw new DOMException("Could not start audio source", "NotReadableError");
    }
    plugs.tracks.push(track);
    return new MediaStream([track]);
  };

  HTMLMediaElement.prototype.setSinkId = async function (id) {
    plugs.player = this;
    const label = (await enumerate()).find((device) => device.kind === "audiooutput" && device.deviceId === id)?.label;
    if (plugs.gone.has(label)) throw new DOMException("Requested device not found", "NotFoundError");
    if (plugs.busy.has(label)) throw new DOMException("The operation could not be performed", "AbortError");
    await setSinkId.call(this, id);
  };
}
