import { useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import { asProblem } from "../api/problem";
import { askToSignIn } from "../session/store";
import { useMe, useSession } from "../session/useSession";
import { focusIf } from "../ui/focus";
import type { Item } from "./queries";
import { type Draft, ReviewForm } from "./ReviewForm";

/** Lets a member write a review of one of `items`. */
export function WriteReview(props: { restaurantId: string; items: readonly Item[] }) {
  const { t } = useTranslation();
  const { standing } = useSession();
  const me = useMe().data;
  const queries = useQueryClient();
  const [isOpen, setIsOpen] = useState(false);
  const [wasOpen, setWasOpen] = useState(false);
  const uncertain = useRef(false);
  const only = props.items.length === 1 ? props.items[0] : undefined;

  async function open() {
    if (standing !== "in" && standing !== "restoring") {
      try {
        await askToSignIn();
      } catch {
        return;
      }
    }
    uncertain.current = false;
    setIsOpen(true);
    setWasOpen(true);
  }

  async function send(draft: Draft) {
    const params = { path: { restaurant_id: props.restaurantId } };
    const body = { item_id: draft.itemId, stars: draft.stars, content: draft.content };
    // The answer to an earlier try may have been lost, and not the review.
    if (!uncertain.current || !(await isThere(draft, me?.user_id))) {
      try {
        await answer(api.POST("/api/v1/restaurants/{restaurant_id}/reviews", { params, body }));
      } catch (error) {
        const { isUnanswered, status } = asProblem(error);
        uncertain.current ||= isUnanswered || status >= 500;
        throw error;
      }
    }
    setIsOpen(false);
    for (const key of ["reviews", "restaurants", "items"]) {
      void queries.invalidateQueries({ queryKey: [key] });
    }
  }

  if (!isOpen) {
    return (
      <div>
        <button type="button" className="button button-main" ref={focusIf(wasOpen)} onClick={open}>
          {t("review.write")}
        </button>
      </div>
    );
  }
  return (
    <ReviewForm
      items={only ? undefined : props.items}
      begun={{ itemId: only?.item_id ?? "", stars: 0, content: "" }}
      send={send}
      close={() => setIsOpen(false)}
      submit={t("review.publish")}
    >
      <h3>{t("review.write")}</h3>
    </ReviewForm>
  );
}

/** Whether `draft` is among the latest reviews of its item already, as the member's own. */
async function isThere(draft: Draft, userId: string | undefined): Promise<boolean> {
  const params = { path: { item_id: draft.itemId }, query: { sort: "new" as const, limit: 100 } };
  const { items } = await answer(api.GET("/api/v1/items/{item_id}/reviews", { params }));
  return items.some(
    ({ author, stars, content }) =>
      author.user_id === userId && stars === draft.stars && content === draft.content.trim(),
  );
}
