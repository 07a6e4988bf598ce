/** Whether a server says that there is no such picture. That it cannot be reached, or is at fault, says nothing of the picture. */
export async function isGone(url: string, credentials: 'same-origin' | 'include'): Promise<boolean> {
  const response = await fetch(url, { method: 'HEAD', credentials }).catch(() => undefined);
  return response?.status === 404 || response?.status === 410;
}
