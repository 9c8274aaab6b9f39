// A page that the browser kept whole is hidden as it is left, and asked for anew when Back brings it: whoever holds
// the device by then may be a participant, or may have signed out. WebKit keeps pages so that say "no-store", too, where there is no TLS.

addEventListener("pagehide", (event) => {
  if (event.persisted) document.documentElement.hidden = true;
});
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
